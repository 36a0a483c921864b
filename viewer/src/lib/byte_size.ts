/** In steps of thousand, as disks are sold. */
export function byte_size(bytes: number): string {
  const units = ['B', 'kB', 'MB', 'GB', 'TB', 'PB'];
  let n = 0;
  while (bytes >= 1000 && n < units.length - 1) {
    bytes /= 1000;
    n++;
  }
  return `${bytes.toFixed(bytes < 10 && n > 0 ? 1 : 0)} ${units[n]}`;
}
