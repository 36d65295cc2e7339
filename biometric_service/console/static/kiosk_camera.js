/** The camera of this machine: its picture, and the moment at which somebody who came stands still. */

const WIDTH = 32;
const HEIGHT = 24;
const LOOK_MS = 150;
const MOVING = 7;
const STILL = 3;
const STILL_LOOKS = 3;
const QUALITY = 0.92;

export async function openCamera(video) {
  const wanted = { video: { width: { ideal: 1280 }, height: { ideal: 720 }, facingMode: "user" }, audio: false };
  video.srcObject = await navigator.mediaDevices.getUserMedia(wanted);
  await video.play();
}

/** What the camera sees now, as a JPEG file. */
export function picture(video) {
  const canvas = new OffscreenCanvas(video.videoWidth, video.videoHeight);
  canvas.getContext("2d").drawImage(video, 0, 0);
  return canvas.convertToBlob({ type: "image/jpeg", quality: QUALITY });
}

/** Calls back once whenever something moved before the camera and then stands still. */
export function standing(video, ready, back) {
  const canvas = new OffscreenCanvas(WIDTH, HEIGHT);
  const context = canvas.getContext("2d", { willReadFrequently: true });
  let before = null;
  let moved = false;
  let still = 0;
  setInterval(() => {
    context.drawImage(video, 0, 0, WIDTH, HEIGHT);
    const now = context.getImageData(0, 0, WIDTH, HEIGHT).data;
    const change = before ? difference(before, now) : 0;
    before = now;
    if (!ready()) moved = false;
    else if (change > MOVING) [moved, still] = [true, 0];
    else if (moved && change < STILL && ++still >= STILL_LOOKS) {
      moved = false;
      back();
    }
  }, LOOK_MS);
}

/** Mean difference of brightness, 0 to 255. */
function difference(one, other) {
  let sum = 0;
  for (let index = 1; index < one.length; index += 4) sum += Math.abs(one[index] - other[index]);
  return sum / (one.length / 4);
}
