// The painted code of tests/support/painted_code.h in JavaScript: time and frame number in a picture. With the picture's
// width W a cell is W/80 pixels; 2 rows of 32 cells from (cell, cell) on; 44 bits of ms since 1970, 16 of the frame's number, 4 of
// checksum.

const kColumns = 32;

function checksum(nibbles) {
  return nibbles.reduce((sum, nibble) => sum ^ nibble, 0xa);
}

/** Draws the code into a plane of 8-bit brightness. */
export function paintCode(plane, width, wallMs, frame) {
  const text = BigInt(wallMs).toString(16).padStart(11, '0') + (frame & 0xffff).toString(16).padStart(4, '0');
  const nibbles = [...text].map((digit) => parseInt(digit, 16));
  nibbles.push(checksum(nibbles));
  const cell = Math.floor(width / 80);
  nibbles.forEach((nibble, n) => {
    for (let bit = 0; bit < 4; bit++) {
      const at = n * 4 + bit;
      const left = cell * (1 + (at % kColumns));
      const top = cell * (1 + Math.floor(at / kColumns));
      for (let y = top; y < top + cell; y++) plane.fill(nibble & (8 >> bit) ? 235 : 16, y * width + left, y * width + left + cell);
    }
  });
}

/** {wallMs, frame} from 64 cells' mean brightness, or null when the checksum is wrong. */
export function decodeCells(cells) {
  const nibbles = [];
  for (let n = 0; n < 16; n++) nibbles.push(cells.slice(n * 4, n * 4 + 4).reduce((value, luma) => value * 2 + (luma >= 128 ? 1 : 0), 0));
  if (nibbles.pop() !== checksum(nibbles)) return null;
  const digits = nibbles.map((nibble) => nibble.toString(16)).join('');
  return { wallMs: parseInt(digits.slice(0, 11), 16), frame: parseInt(digits.slice(11), 16) };
}

/**
 * To be run inside a page: mean brightness of the cells' middle halves in what a <video> shows now. Self-contained, for it is
 * sent to the browser as text.
 */
export function readCells(video) {
  const { videoWidth: width } = video;
  const cell = Math.floor(width / 80);
  if (!cell) return null;
  const canvas = document.createElement('canvas');
  canvas.width = cell * 34;
  canvas.height = cell * 4;
  const pen = canvas.getContext('2d', { willReadFrequently: true });
  pen.drawImage(video, 0, 0);
  const { data } = pen.getImageData(0, 0, canvas.width, canvas.height);
  const margin = Math.floor(cell / 4);
  const cells = [];
  for (let at = 0; at < 64; at++) {
    const left = cell * (1 + (at % 32)) + margin;
    const top = cell * (1 + Math.floor(at / 32)) + margin;
    let sum = 0;
    let count = 0;
    for (let y = top; y < top + cell - 2 * margin; y++) {
      for (let x = left; x < left + cell - 2 * margin; x++) {
        const i = (y * canvas.width + x) * 4;
        sum += 0.2126 * data[i] + 0.7152 * data[i + 1] + 0.0722 * data[i + 2];
        count++;
      }
    }
    cells.push(sum / count);
  }
  return cells;
}
