// A softphone as a web page: stanza's Jingle over the browser's own WebRTC. Nothing here is shared with the phone.
import { createClient, type Agent } from 'stanza';
import type MediaSession from 'stanza/jingle/MediaSession';

import { Ear, Mouth } from './audio';
import { Journal, type Entry } from './journal';

interface Account {
    jid: string;
    password: string;
    websocket: string;
    resource: string;
    caps: boolean; // XEP-0115 in the presence; an app that forgets updateCaps() sends none
}

interface CallFacts {
    sid: string;
    peer: string;
    state: string; // stanza's session state: starting, pending, active, ended
    connection: string; // RTCPeerConnection.connectionState
    dtls: string;
    srtpCipher: string;
    dtlsRole: string;
    codec: string;
    packetsReceived: number;
    packetsSent: number;
    packetsLost: number;
    localCandidate: string;
    remoteCandidate: string;
    roundTripSeconds: number | null;
}

const JINGLE_EVENTS = ['outgoing', 'incoming', 'ringing', 'accepted', 'terminated', 'hold', 'resumed', 'mute', 'unmute'];

class Peer {
    private readonly journal = new Journal();
    private readonly context = new AudioContext({ sampleRate: 48000, latencyHint: 'interactive' });
    private readonly mouth = new Mouth(this.context);
    private readonly ear = Ear.on(this.context);
    private client?: Agent;
    private session?: MediaSession;
    private answerAfterMs: number | null = null;

    /** Logs in, sends presence; resolves with the full JID. */
    async connect(account: Account): Promise<string> {
        const client = createClient({
            jid: account.jid,
            password: account.password,
            resource: account.resource,
            transports: { websocket: account.websocket, bosh: false },
            autoReconnect: false,
            jingle: { iceServers: [], trickleIce: true }
        });
        this.client = client;
        this.record(client);
        client.connect();
        return Promise.race([this.online(client, account.caps), this.failed()]);
    }

    /** Calls a full JID by a bare session-initiate (stanza knows no XEP-0353); resolves with the session id. */
    call(jid: string): string {
        const session = this.jingle().createMediaSession(jid, undefined, this.mouth.stream);
        this.adopt(session);
        void session.start();
        return session.sid;
    }

    /** From now on answers each incoming call after `ms` of ringing; null = leaves it ringing. */
    answerAfter(ms: number | null): void {
        this.answerAfterMs = ms;
    }

    answer(): Promise<void> {
        return this.current().accept();
    }

    decline(): void {
        this.current().decline();
    }

    hangUp(): void {
        this.current().end('success');
    }

    disconnect(): void {
        this.client?.disconnect();
    }

    tone(hz: number): void {
        this.mouth.tone(hz);
    }

    /** Sends RFC 4733 events, 200 ms each. */
    press(digits: string): void {
        const sender = this.current().pc.getSenders().find(candidate => candidate.dtmf);
        if (!sender?.dtmf?.canInsertDTMF) {
            throw new Error('the far end took no telephone-event');
        }
        sender.dtmf.insertDTMF(digits, 200, 100);
    }

    async recording(seconds: number): Promise<string> {
        return (await this.ear).recording(seconds);
    }

    events(kind: string | null): Entry[] {
        return this.journal.all(kind);
    }

    first(kind: string, since: number): Promise<Entry> {
        return this.journal.first(kind, since);
    }

    async facts(): Promise<CallFacts> {
        const session = this.current();
        const reports = new Map<string, Record<string, any>>();
        (await session.pc.getStats()).forEach((report, id) => reports.set(id, report));
        const one = (type: string): Record<string, any> =>
            [...reports.values()].find(report => report.type === type && (report.kind ?? 'audio') === 'audio') ?? {};
        const linked = (id: string | undefined): Record<string, any> => reports.get(id ?? '') ?? {};
        const address = (candidate: Record<string, any>): string =>
            `${candidate.candidateType} ${candidate.address}:${candidate.port}`;
        const inbound = one('inbound-rtp');
        const transport = one('transport');
        const pair = linked(transport.selectedCandidatePairId);
        return {
            sid: session.sid,
            peer: session.peerID,
            state: session.state,
            connection: session.pc.connectionState,
            dtls: transport.dtlsState ?? '',
            srtpCipher: transport.srtpCipher ?? '',
            dtlsRole: transport.dtlsRole ?? '',
            codec: linked(inbound.codecId).mimeType ?? '',
            packetsReceived: inbound.packetsReceived ?? 0,
            packetsSent: one('outbound-rtp').packetsSent ?? 0,
            packetsLost: inbound.packetsLost ?? 0,
            localCandidate: address(linked(pair.localCandidateId)),
            remoteCandidate: address(linked(pair.remoteCandidateId)),
            roundTripSeconds: pair.currentRoundTripTime ?? null
        };
    }

    private record(client: Agent): void {
        client.on('raw:outgoing', xml => this.journal.add('out', xml));
        client.on('raw:incoming', xml => this.journal.add('in', xml));
        client.on('disconnected', () => this.journal.add('disconnected'));
        client.on('auth:failed', () => this.journal.add('failed', 'authentication'));
        client.on('stream:error', error => this.journal.add('failed', error));
        for (const event of JINGLE_EVENTS) {
            client.jingle.on(event, (session: MediaSession, data: unknown) =>
                this.journal.add(`jingle:${event}`, { sid: session.sid, peer: session.peerID, data: data ?? null }));
        }
        client.jingle.on('log:error', (message: string, error: unknown) => this.journal.add('error', `${message} ${error}`));
        client.jingle.on('peerTrackAdded', (_session: MediaSession, track: MediaStreamTrack) => void this.hear(track));
        client.jingle.on('incoming', (session: MediaSession) => this.ring(session));
    }

    private online(client: Agent, caps: boolean): Promise<string> {
        return new Promise(resolve =>
            client.on('session:started', () => {
                void client.getRoster();
                if (caps) {
                    client.updateCaps();
                }
                client.sendPresence({ legacyCapabilities: client.disco.getCaps() });
                resolve(client.jid);
            }));
    }

    private async failed(): Promise<never> {
        const entry = await Promise.race([this.journal.first('failed', 0), this.journal.first('disconnected', 0)]);
        throw new Error(`no session: ${entry.kind} ${JSON.stringify(entry.detail)}`);
    }

    private ring(session: MediaSession): void {
        this.adopt(session);
        // As incoming: the track goes in before the answer is made.
        for (const track of this.mouth.stream.getTracks()) {
            void session.addTrack(track, this.mouth.stream);
        }
        void session.ring();
        if (this.answerAfterMs !== null) {
            setTimeout(() => void session.accept(), this.answerAfterMs);
        }
    }

    private adopt(session: MediaSession): void {
        this.session = session;
        const pc = session.pc;
        pc.addEventListener('connectionstatechange', () => this.journal.add(`pc:${pc.connectionState}`));
        pc.addEventListener('iceconnectionstatechange', () => this.journal.add(`ice:${pc.iceConnectionState}`));
    }

    private async hear(track: MediaStreamTrack): Promise<void> {
        (await this.ear).listenTo(new MediaStream([track]));
        this.journal.add('track', track.kind);
    }

    private jingle(): Agent['jingle'] {
        if (!this.client) {
            throw new Error('connect first');
        }
        return this.client.jingle;
    }

    private current(): MediaSession {
        if (!this.session) {
            throw new Error('no call yet');
        }
        return this.session;
    }
}

declare global {
    interface Window {
        peer: Peer;
    }
}

window.peer = new Peer();
