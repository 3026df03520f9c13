// Mouth and ear without a sound card: an oscillator for the microphone, a recorder for what arrives.
import recorderSource from './recorder.worklet.js';

const LEVEL = 0.25; // -12 dBFS
const KEPT_BLOCKS = 3000; // one minute of 20 ms blocks

export class Mouth {
    private readonly oscillator: OscillatorNode;
    private readonly gain: GainNode;
    readonly stream: MediaStream;

    constructor(private readonly context: AudioContext) {
        this.oscillator = new OscillatorNode(context, { frequency: 440 });
        this.gain = new GainNode(context, { gain: 0 });
        const microphone = new MediaStreamAudioDestinationNode(context, { channelCount: 1 });
        this.oscillator.connect(this.gain).connect(microphone);
        this.oscillator.start();
        this.stream = microphone.stream;
    }

    /** Speaks a sine of `hz`; 0 is silence. */
    tone(hz: number): void {
        this.gain.gain.value = hz > 0 ? LEVEL : 0;
        if (hz > 0) {
            this.oscillator.frequency.value = hz;
        }
    }
}

export class Ear {
    private blocks: Int16Array[] = [];
    private readonly element = new Audio();

    private constructor(private readonly context: AudioContext, private readonly node: AudioWorkletNode) {
        node.port.onmessage = (message: MessageEvent<Int16Array>) => this.keep(message.data);
        // A node that leads nowhere is not rendered at all.
        node.connect(new GainNode(context, { gain: 0 })).connect(context.destination);
    }

    static async on(context: AudioContext): Promise<Ear> {
        const module = URL.createObjectURL(new Blob([recorderSource], { type: 'text/javascript' }));
        await context.audioWorklet.addModule(module);
        return new Ear(context, new AudioWorkletNode(context, 'recorder', { channelCount: 1, channelCountMode: 'explicit' }));
    }

    listenTo(stream: MediaStream): void {
        // Chromium decodes a remote track only while some media element plays it (crbug.com/121673).
        this.element.srcObject = stream;
        this.element.muted = true;
        void this.element.play();
        new MediaStreamAudioSourceNode(this.context, { mediaStream: stream }).connect(this.node);
    }

    /** The last `seconds` heard, or less, as base64 of 16-bit little-endian mono at the context's rate. */
    recording(seconds: number): string {
        const wanted = this.blocks.slice(-Math.ceil(seconds * 50));
        const bytes = wanted.flatMap(block => Array.from(new Uint8Array(block.buffer)));
        let text = '';
        bytes.forEach(byte => (text += String.fromCharCode(byte)));
        return btoa(text);
    }

    private keep(block: Int16Array): void {
        this.blocks.push(block);
        if (this.blocks.length > KEPT_BLOCKS) {
            this.blocks.shift();
        }
    }
}
