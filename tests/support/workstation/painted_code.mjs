// Time and a counter written into the picture, so that a test can read from pixels what it is looking at. The format
// is that of tests/support/painted_code.h: 2 rows of 32 cells, each 1/80 of the screen's width, from (cell, cell) on.

/** The 64 bits of one code, most significant first. */
export function codeBits(wallMs, counter) {
  let value = (BigInt(wallMs) << 20n) | (BigInt(counter & 0xffff) << 4n);
  let checksum = 0xan;
  for (let rest = value >> 4n; rest > 0n; rest >>= 4n) checksum ^= rest & 0xfn;
  value |= checksum;
  return Array.from({ length: 64 }, (_, i) => Number((value >> BigInt(63 - i)) & 1n));
}

/** Paints the code five times a second on a canvas that lies at (cell, cell) and is 32 × 2 cells large. */
export function startPainting(canvas, screenWidth) {
  const cell = screenWidth / 80;
  canvas.width = 32 * cell;
  canvas.height = 2 * cell;
  canvas.style.left = canvas.style.top = `${cell}px`;
  const pen = canvas.getContext('2d', { alpha: false });
  let counter = 0;
  const paint = () => {
    const bits = codeBits(Date.now(), counter++);
    pen.fillStyle = '#000';
    pen.fillRect(0, 0, canvas.width, canvas.height);
    pen.fillStyle = '#fff';
    bits.forEach((bit, i) => bit && pen.fillRect((i % 32) * cell, Math.floor(i / 32) * cell, cell, cell));
  };
  paint();
  return setInterval(paint, 200);
}
