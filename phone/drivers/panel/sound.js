// Tones and ringing, softly, for whoever asked for it: a hint of what the phone's own ear hears, not its sound.
"use strict";

window.panelSound = (() => {
  const RISE = 0.01;
  // Hz, then seconds on and off by turns; no seconds: without end (ITU-T E.180, as in Germany).
  const SOUNDS = {
    dial: [[425], []], stutter: [[425, 400], []], ringback: [[425], [1, 4]], busy: [[425], [0.48, 0.48]],
    reorder: [[425], [0.24, 0.24]], "no-service": [[425], [0.24, 0.24]], "call-waiting": [[425], [0.2, 0.2, 0.2, 5]],
    howler: [[950], [0.1, 0.1]], beep: [[1400], [0.2, 60]], ring: [[440, 480], [1, 4]],
  };
  let context = null;
  let playing = null;
  let name = "";

  function stop() {
    if (!playing) return;
    clearInterval(playing.timer);
    playing.gain.gain.cancelScheduledValues(context.currentTime);
    playing.gain.gain.setTargetAtTime(0, context.currentTime, RISE);
    for (const source of playing.sources) source.stop(context.currentTime + 0.2);
    playing = null;
  }

  function start([frequencies, cadence], loudness) {
    const gain = context.createGain();
    gain.gain.value = 0;
    gain.connect(context.destination);
    const sources = frequencies.map((hertz) => {
      const source = context.createOscillator();
      source.frequency.value = hertz;
      source.connect(gain);
      source.start();
      return source;
    });
    playing = { gain, sources, timer: 0 };
    const round = () => {
      let at = context.currentTime;
      (cadence.length ? cadence : [1]).forEach((seconds, index) => {
        gain.gain.setTargetAtTime(index % 2 ? 0 : loudness, at, RISE);
        at += seconds;
      });
    };
    round();
    if (cadence.length) playing.timer = setInterval(round, 1000 * cadence.reduce((a, b) => a + b));
  }

  // Sound as these facts have it; null: the phone is away.
  function play(facts) {
    const wanted = !context || !facts ? "" : facts.ringer ? "ring" : facts.tone || "";
    if (wanted === name) return;
    stop();
    name = wanted;
    if (SOUNDS[wanted]) start(SOUNDS[wanted], wanted === "ring" ? 0.06 : 0.03);
  }

  // On or off; browsers let pages sound only from a click.
  function toggle(facts) {
    if (context) {
      play(null);
      const old = context;
      context = null;
      setTimeout(() => old.close(), 300);
    } else {
      context = new AudioContext();
      play(facts);
    }
    return context !== null;
  }

  return { play, toggle };
})();
