/** The server's time as this page knows it: its answer to /me, carried on by the browser's monotonic clock. */
export class ServerClock {
  private offset_us = 0;

  /** `asked_ms` and `answered_ms` are performance.now() around the request. */
  set(server_us: number, asked_ms: number, answered_ms: number): void {
    this.offset_us = server_us - ((asked_ms + answered_ms) / 2) * 1000;
  }

  now_us(): number {
    return Math.round(performance.now() * 1000 + this.offset_us);
  }

  /** How far this computer's own clock is from the server's; positive: ahead. */
  computer_ahead_us(): number {
    return Date.now() * 1000 - this.now_us();
  }
}
