// The bars below the panels: meters that always run, one ear at a time, mouths on request.
"use strict";

const SECONDS = 10;
const PER_SECOND = 10;
const MICROPHONE_SECONDS = 20;  // it stays open for so long, since opening it swallows the first word
const ENDED = "The demo has ended, or its connection has: start it again, or load this page anew.";
const notice = document.getElementById("notice");
const token = new URLSearchParams(location.search).get("token") || "";
const socket = new WebSocket(`ws://${location.host}/socket?token=${encodeURIComponent(token)}`);
socket.binaryType = "arraybuffer";

let listening = null;
let talking = null;
let closing = 0;

function say(what) {
  if (socket.readyState === WebSocket.OPEN) socket.send(what instanceof ArrayBuffer ? what : JSON.stringify(what));
}

// --- meters -------------------------------------------------------------------------------------------------

class Meter {
  constructor(canvas) {
    this.canvas = canvas;
    this.past = Array.from({ length: SECONDS * PER_SECOND }, () => [0, 0, 0]);
  }

  add(levels) {
    this.past.push(levels);
    this.past.shift();
    this.canvas.setAttribute("aria-valuenow", String(Math.max(levels[0], levels[1])));
    this.draw();
  }

  draw() {
    const { canvas } = this;
    const scale = devicePixelRatio || 1;
    const [width, height] = [Math.round(canvas.clientWidth * scale), Math.round(canvas.clientHeight * scale)];
    if (canvas.width !== width || canvas.height !== height) Object.assign(canvas, { width, height });
    const pen = canvas.getContext("2d");
    const style = getComputedStyle(canvas);
    const colour = (name) => style.getPropertyValue(name);
    const middle = Math.round(height * 0.64);
    const left = Math.round(38 * scale);
    const step = (width - left) / this.past.length;
    pen.clearRect(0, 0, width, height);
    this.past.forEach(([ear, bell, mouth], index) => {
      const [x, bar] = [left + Math.round(index * step), Math.max(1, Math.round(step * 0.72))];
      const up = (level, name) => {
        const tall = Math.round(level / 100 * (middle - 1));
        pen.fillStyle = colour(name);
        pen.fillRect(x, middle - tall, bar, tall);
      };
      up(ear, "--ear");
      up(bell, "--bell");
      const deep = Math.round(mouth / 100 * (height - middle - scale));
      pen.fillStyle = colour("--mouth");
      pen.fillRect(x, middle + Math.round(scale), bar, deep);
    });
    pen.fillStyle = colour("--line");
    pen.fillRect(left, middle, width - left, Math.round(scale));
    pen.fillStyle = colour("--quiet");
    pen.font = `${Math.round(10 * scale)}px system-ui, sans-serif`;
    pen.fillText("ear", 0, middle - 8 * scale);
    pen.fillText("mouth", 0, height - 4 * scale);
  }
}

const bars = [...document.querySelectorAll(".sound")];
const meters = bars.map((bar) => new Meter(bar.querySelector("canvas")));
const button = (bar, what) => bar.querySelector(`[data-do="${what}"]`);

socket.onmessage = ({ data }) => {
  if (data instanceof ArrayBuffer) {
    window.earshot.play(data);
    return;
  }
  const told = JSON.parse(data);
  if (told.kind === "fault") notice.textContent = told.why;
  if (told.kind !== "levels") return;
  told.phones.forEach((levels, phone) => {
    meters[phone].add(levels);
    button(bars[phone], "speak").classList.toggle("on", levels[2] > 0);
  });
};
socket.onclose = ({ reason }) => {
  notice.textContent = reason || ENDED;
  window.earshot.quiet();
  document.body.classList.add("ended");
  for (const each of document.querySelectorAll(".sound button")) each.disabled = true;
};

// --- ears ---------------------------------------------------------------------------------------------------

function listen(phone) {
  listening = listening === phone ? null : phone;
  if (listening === null) window.earshot.quiet();
  else window.earshot.open();
  say({ do: "listen", phone: listening });
  bars.forEach((bar, index) => {
    const on = index === listening;
    button(bar, "listen").setAttribute("aria-pressed", String(on));
    button(bar, "listen").textContent = on ? "Listening" : "Listen";
  });
}

// --- mouths -------------------------------------------------------------------------------------------------

function showTalking() {
  bars.forEach((bar, index) => button(bar, "talk").classList.toggle("on", index === talking));
}

function closeLater() {
  clearTimeout(closing);
  closing = setTimeout(window.earshot.close, MICROPHONE_SECONDS * 1000);
}

async function talk(phone) {
  talking = phone;
  clearTimeout(closing);
  try {
    await window.earshot.speak((samples) => { if (talking !== null) say(samples); });
  } catch (refusal) {
    notice.textContent = `No microphone: ${refusal.message}.`;
    talking = null;
  }
  if (talking !== phone) {  // let go while the browser asked for leave
    closeLater();
    return;
  }
  say({ do: "talk", phone });
  showTalking();
}

function hush() {
  if (talking === null) return;
  talking = null;
  say({ do: "talk", phone: null });
  closeLater();
  showTalking();
}

bars.forEach((bar, phone) => {
  // The keyboard stays with the phone it was with.
  bar.addEventListener("mousedown", (event) => event.preventDefault());
  button(bar, "speak").addEventListener("click", () => say({ do: "speak", phone }));
  button(bar, "listen").addEventListener("click", () => listen(phone));
  const mouth = button(bar, "talk");
  mouth.addEventListener("pointerdown", (event) => {
    mouth.setPointerCapture(event.pointerId);
    void talk(phone);
  });
  for (const end of ["pointerup", "pointercancel", "lostpointercapture", "blur", "keyup"]) mouth.addEventListener(end, hush);
  mouth.addEventListener("contextmenu", (event) => event.preventDefault());
  mouth.addEventListener("keydown", (event) => {
    if ((event.key === " " || event.key === "Enter") && !event.repeat) void talk(phone);
  });
});
addEventListener("resize", () => meters.forEach((meter) => meter.draw()));
meters.forEach((meter) => meter.draw());
