/** Tones that tell the answers apart without looking: up for a pass, low and long for a stop, twice the same for a look. */

const TONES = {
  pass: [[660, 0, 0.12], [990, 0.13, 0.22]],
  stop: [[196, 0, 0.5], [147, 0.5, 0.6]],
  review: [[440, 0, 0.16], [440, 0.24, 0.16]],
  fault: [[440, 0, 0.16], [330, 0.24, 0.3]],
  recapture: [[587, 0, 0.09]],
};
const LOUDNESS = 0.2;
const FADE_S = 0.02;

let context = null;

/** Browsers let a page sound once somebody has touched it. */
export function unlock() {
  context ??= new AudioContext();
  if (context.state === "suspended") context.resume();
}

export function play(state) {
  unlock();
  document.getElementById("kiosk").dataset.sound = state;
  for (const [frequency, at, length] of TONES[state] ?? []) tone(frequency, context.currentTime + at, length);
}

function tone(frequency, start, length) {
  const oscillator = new OscillatorNode(context, { type: "triangle", frequency });
  const gain = new GainNode(context, { gain: 0 });
  gain.gain.setValueAtTime(0, start);
  gain.gain.linearRampToValueAtTime(LOUDNESS, start + FADE_S);
  gain.gain.setValueAtTime(LOUDNESS, start + length - FADE_S);
  gain.gain.linearRampToValueAtTime(0, start + length);
  oscillator.connect(gain).connect(context.destination);
  oscillator.start(start);
  oscillator.stop(start + length);
}
