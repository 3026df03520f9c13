// The phone's page: draws what the phone tells, says what the hand does. It decides nothing about calls.
"use strict";

const KEYBOARD = {
  Enter: "OK", Backspace: "BACK", Escape: "BACK", ArrowUp: "UP", ArrowDown: "DOWN", "+": "VOL+", "-": "VOL-",
  o: "HOLD", t: "TRANSFER", v: "VOICEMAIL", r: "REDIAL", m: "MUTE", s: "SPEAKER",
};
for (const digit of "0123456789*#") KEYBOARD[digit] = digit;
const LAMP_KEYS = { mute: "MUTE", message: "VOICEMAIL", hold: "HOLD", speaker: "SPEAKER" };
const TONES = {
  dial: "Dial tone", stutter: "Dial tone, messages wait", "no-service": "No service tone", ringback: "It rings there",
  busy: "Busy tone", reorder: "Cannot be reached tone", "call-waiting": "Call waiting tone",
  howler: "Handset is off the hook", beep: "Beep",
};
const AWAY = "The phone does not answer. Trying again …";
const STRANGER = "The phone has another token now: `phone panel` prints the new address.";
const LONGEST_PAUSE = 5000;
const SHORT_PRESS = 120;

const element = (id) => document.getElementById(id);
const buttons = new Map([...document.querySelectorAll("[data-key]")].map((button) => [button.dataset.key, button]));

// --- screen and lamps ---------------------------------------------------------------------------------------

const pen = element("screen").getContext("2d");
const LIT = [206, 236, 255, 255], DARK = [6, 8, 10, 255];

function drawFrame(bits) {
  const picture = pen.createImageData(128, 64);
  for (let pixel = 0; pixel < 128 * 64; pixel++) {
    picture.data.set(bits[pixel >> 3] & (0x80 >> (pixel & 7)) ? LIT : DARK, pixel * 4);
  }
  pen.putImageData(picture, 0, 0);
}
drawFrame(new Uint8Array(1024));

let lights = { lit: [], dimmed: false };
let facts = null;

function glow(id, name, on) {
  element(id).classList.toggle("lit", on);
  element(id).setAttribute("aria-label", `${name} lamp: ${on ? "on" : "off"}`);
}

function showLights() {
  const lit = new Set([...lights.lit.map((lamp) => LAMP_KEYS[lamp]), ...(facts ? facts.leds : [])]);
  for (const [name, button] of buttons) {
    button.classList.toggle("lit", lit.has(name));
    if (button.querySelector(".led")) button.setAttribute("aria-description", lit.has(name) ? "lamp on" : "lamp off");
  }
  glow("message-lamp", "Message", lights.lit.includes("message"));
  glow("service-lamp", "No service", lights.lit.includes("service"));
  glow("call-lamp", "Call", lights.lit.includes("call"));
  element("screen").classList.toggle("dimmed", lights.dimmed);
}

// --- facts --------------------------------------------------------------------------------------------------

let spoken = "";

function showFacts() {
  document.title = element("owner").textContent = facts.title;
  document.body.classList.toggle("lifted", facts.lifted);
  document.body.classList.toggle("ringing", facts.ringer);
  element("handset").setAttribute("aria-pressed", String(facts.lifted));
  element("handset").setAttribute("aria-label", facts.lifted ? "Handset, lifted" : "Handset, on the cradle");
  const sound = facts.ringer ? "Ringing" : facts.tone ? TONES[facts.tone] || facts.tone : "Quiet";
  element("sounding").dataset.sound = facts.ringer ? "ring" : facts.tone ? "tone" : "none";
  if (element("sound-name").textContent !== sound) element("sound-name").textContent = sound;
  const text = facts.lines.filter(Boolean).join(". ");
  element("screen").setAttribute("aria-label", `Display: ${text}`);
  const still = text.replace(/\d+:\d\d(:\d\d)?/g, "");  // nobody wants to hear every second of a call
  if (still !== spoken) {
    spoken = still;
    element("spoken").textContent = text;
  }
  showLights();
  window.panelSound.play(facts);
  window.panelPlot.describe(facts.calls);
}

// --- the connection -----------------------------------------------------------------------------------------

const address = new URLSearchParams(location.search);
const token = address.get("token") || "";
let socket = null;
let pause = 250;

function banner(state, sentence) {
  element("banner").className = state;
  if (element("banner").textContent !== sentence) element("banner").textContent = sentence;
  document.body.classList.toggle("away", state !== "connected");
}

function hear(message) {
  if (message.data instanceof ArrayBuffer) {
    drawFrame(new Uint8Array(message.data));
    return;
  }
  const told = JSON.parse(message.data);
  if (told.kind === "hello") {
    for (const [name, button] of buttons) button.disabled = !told.keys.includes(name);
    pause = 250;
    banner("connected", "Connected");
  } else if (told.kind === "lights") {
    lights = told;
    showLights();
  } else if (told.kind === "facts") {
    facts = told.facts;
    showFacts();
  } else if (told.kind === "second" && facts) {
    window.panelPlot.second(facts.calls);
  }
}

function connect() {
  const opening = new WebSocket(`ws://${location.host}/socket?token=${encodeURIComponent(token)}`);
  opening.binaryType = "arraybuffer";
  opening.onmessage = hear;
  opening.onopen = () => { socket = opening; };
  opening.onclose = (closed) => {
    const opened = socket === opening;
    socket = null;
    letAllGo();
    window.panelSound.play(null);
    void explain(opened, closed);
    setTimeout(connect, pause);
    pause = Math.min(pause * 2, LONGEST_PAUSE);
  };
}

// A refused WebSocket does not say why; the page's own address does.
async function explain(opened, closed) {
  if (closed.code === 1013) {
    banner("refused", closed.reason);
  } else if (opened) {
    banner("waiting", AWAY);
  } else {
    const refused = await fetch(location.href, { cache: "no-store" }).then((answer) => answer.status === 403, () => false);
    if (!socket) banner(refused ? "refused" : "waiting", refused ? STRANGER : AWAY);
  }
}

function say(what) {
  if (socket && socket.readyState === WebSocket.OPEN) socket.send(JSON.stringify(what));
}

// --- the hand -----------------------------------------------------------------------------------------------

// What holds a key down (a pointer, a key of the keyboard) -> the phone's key.
const held = new Map();

function down(finger, name) {
  const button = buttons.get(name);
  if (!socket || !button || button.disabled || held.has(finger)) return;
  const first = ![...held.values()].includes(name);
  held.set(finger, name);
  button.classList.add("down");
  if (first) say({ do: "press", key: name });
}

function up(finger) {
  const name = held.get(finger);
  if (name === undefined) return;
  held.delete(finger);
  if ([...held.values()].includes(name)) return;
  buttons.get(name).classList.remove("down");
  say({ do: "release", key: name });
}

function letAllGo() {
  for (const finger of [...held.keys()]) up(finger);
}

function moveHandset() {
  if (facts) say({ do: facts.lifted ? "hang-up" : "lift" });
}

for (const [name, button] of buttons) {
  button.addEventListener("pointerdown", (event) => {
    if (event.button !== 0) return;
    button.setPointerCapture(event.pointerId);
    down(`pointer ${event.pointerId}`, name);
  });
  for (const end of ["pointerup", "pointercancel", "lostpointercapture"]) {
    button.addEventListener(end, (event) => up(`pointer ${event.pointerId}`));
  }
  // The focus stays where it was, so that Enter goes on to mean OK; a frame must take the keyboard all the same.
  button.addEventListener("mousedown", (event) => { event.preventDefault(); window.focus(); });
  button.addEventListener("contextmenu", (event) => event.preventDefault());
  // A click that no pointer and no key made is that of assistive technology.
  button.addEventListener("click", (event) => {
    if (event.detail !== 0 || event.pointerType) return;
    down(`click ${name}`, name);
    setTimeout(() => up(`click ${name}`), SHORT_PRESS);
  });
}

element("handset").addEventListener("mousedown", (event) => { event.preventDefault(); window.focus(); });
element("handset").addEventListener("click", moveHandset);

function meant(event) {
  const focused = document.activeElement;
  const onButton = focused instanceof HTMLButtonElement;
  if (event.key === " ") return onButton ? focused.dataset.key : undefined;
  if (event.key === "Enter" && onButton) return focused.dataset.key;
  return KEYBOARD[event.key.length === 1 ? event.key.toLowerCase() : event.key];
}

addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.altKey || event.metaKey || element("help").open) return;
  if (event.key === "?") {
    openHelp();
  } else if (event.key.toLowerCase() === "h") {
    if (!event.repeat) moveHandset();
  } else {
    const name = meant(event);
    if (!name) return;  // Enter and Space on another button click it
    if (!event.repeat) down(`key ${event.code}`, name);
  }
  event.preventDefault();
});
addEventListener("keyup", (event) => {
  if (held.has(`key ${event.code}`)) event.preventDefault();
  up(`key ${event.code}`);
});
addEventListener("blur", letAllGo);
document.addEventListener("visibilitychange", () => { if (document.hidden) letAllGo(); });

// --- help and sound -----------------------------------------------------------------------------------------

function openHelp() {
  letAllGo();
  element("help").showModal();
}

element("ask").addEventListener("click", openHelp);
element("help").addEventListener("click", (event) => { if (event.target === element("help")) element("help").close(); });
element("listen").hidden = address.get("sound") === "beside";  // the page around this one has the real sound
element("listen").addEventListener("click", () => {
  const on = window.panelSound.toggle(facts);
  element("listen").setAttribute("aria-pressed", String(on));
  element("listen").textContent = on ? "Sound on" : "Sound off";
});

window.panelPlot.describe([]);
connect();
