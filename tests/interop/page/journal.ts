// Everything that happened to this peer, in order: stanzas both ways, Jingle events, states of the peer connection.

export interface Entry {
    at: number; // Unix time in ms, fractional
    kind: string;
    detail: unknown;
}

interface Waiter {
    matches: (entry: Entry) => boolean;
    resolve: (entry: Entry) => void;
}

export class Journal {
    private readonly entries: Entry[] = [];
    private waiters: Waiter[] = [];

    add(kind: string, detail: unknown = null): void {
        const entry = { at: performance.timeOrigin + performance.now(), kind, detail };
        this.entries.push(entry);
        const due = this.waiters.filter(waiter => waiter.matches(entry));
        this.waiters = this.waiters.filter(waiter => !due.includes(waiter));
        due.forEach(waiter => waiter.resolve(entry));
    }

    all(kind: string | null): Entry[] {
        return this.entries.filter(entry => kind === null || entry.kind === kind);
    }

    /** The first entry of `kind` at or after `since` (Unix ms), whether it is there already or still to come. */
    first(kind: string, since: number): Promise<Entry> {
        const matches = (entry: Entry): boolean => entry.kind === kind && entry.at >= since;
        const found = this.entries.find(matches);
        if (found) {
            return Promise.resolve(found);
        }
        return new Promise(resolve => this.waiters.push({ matches, resolve }));
    }
}
