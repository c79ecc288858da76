import { SpoorError } from '../core/errors.js';
import type { Authority, AuthorityRepair } from './authority-repair.js';
import { ClientFrames, isAcknowledgement } from './client-frames.js';
import type { DoorRefusal } from './door-refusal.js';
import { challengeFrames, FrameType, goAwayFrame, PING_BYTES } from './http2-frame.js';
import type { Opening, OpeningState } from './opening.js';

/** What may be held back of one connection before it is let in. */
const MAX_HELD_BYTES = 65_536;
/** And in how many pieces it may come: an honest client needs two to six. */
const MAX_CHUNKS = 512;

/**
 * The first words of one client, held back until it has answered the challenge. Takes out exactly the two
 * answers, whatever their order: what HTTP/2 hears afterwards is a connection that nobody has spoken on yet.
 *
 * Source: decision 3. Go, C-core, Java and Rust answer in four different orders, two of them after HEADERS.
 */
export class Http2Opening implements Opening {
  readonly #nonce: Buffer;
  readonly #frames: ClientFrames;
  readonly #held: Buffer[] = [];
  #heldBytes = 0;
  #chunks = 0;
  #settingsAcknowledged = false;
  #pingAnswered = false;
  #asked = false;
  #repaired = false;
  #closed = false;

  /** Takes the 8 bytes of the PING. */
  constructor(nonce: Buffer, repair: AuthorityRepair) {
    this.#nonce = nonce;
    this.#frames = new ClientFrames(repair, {
      control: (type, flags, payload) => !this.#closed && this.#control(type, flags, payload),
      headers: (authority) => {
        this.#headers(authority);
      },
    });
  }

  /** True when a header block had to be repaired: then all that follow have to be looked at too. */
  get repaired(): boolean {
    return this.#repaired;
  }

  get greeting(): Buffer {
    return challengeFrames(this.#nonce);
  }

  get state(): OpeningState {
    if (!this.#settingsAcknowledged || !this.#pingAnswered) return 'waiting';
    return this.#asked ? 'ready' : 'answered';
  }

  /**
   * Takes the next bytes, which become its own.
   *
   * Errors: HTTP2_INVALID when they are no HTTP/2, too many, a wrong answer, or name an authority that cannot be mended.
   */
  feed(chunk: Buffer): OpeningState {
    this.#heldBytes += chunk.length;
    this.#chunks++;
    this.#held.push(...this.#frames.feed(chunk));
    // The chunk that completes the answers may carry as much of a request as it likes: nothing is held after it.
    if (this.state !== 'ready' && (this.#heldBytes > MAX_HELD_BYTES || this.#chunks > MAX_CHUNKS)) {
      throw invalid(
        `more than ${MAX_HELD_BYTES} bytes, or ${MAX_CHUNKS} pieces, before the PING is answered`,
      );
    }
    return this.state;
  }

  refused({ message }: DoorRefusal): Buffer {
    return goAwayFrame(message);
  }

  /** For a connection that needs no further looks: everything as it came, without the two answers. */
  everything(): Buffer {
    return Buffer.concat([...this.#held, this.#frames.rest]);
  }

  /** For a connection that needs them: the whole frames so far, and the walker that has the rest. */
  continuation(): { readonly held: readonly Buffer[]; readonly frames: ClientFrames } {
    // From now on every acknowledgement belongs to the HTTP/2 session.
    this.#closed = true;
    return { held: this.#held, frames: this.#frames };
  }

  #control(type: number, flags: number, payload: Buffer): boolean {
    if (!isAcknowledgement(flags)) return false;
    if (type === FrameType.SETTINGS) return this.#settingsAck(payload);
    if (type === FrameType.PING) return this.#pingAck(payload);
    return false;
  }

  #settingsAck(payload: Buffer): boolean {
    if (this.#settingsAcknowledged || payload.length > 0)
      throw invalid('SETTINGS acknowledged that nobody sent');
    this.#settingsAcknowledged = true;
    return true;
  }

  #pingAck(payload: Buffer): boolean {
    if (this.#pingAnswered || payload.length !== PING_BYTES || !payload.equals(this.#nonce)) {
      throw invalid('a PING is answered that nobody sent');
    }
    this.#pingAnswered = true;
    return true;
  }

  #headers(authority: Authority): void {
    this.#asked = true;
    if (authority === 'repaired') this.#repaired = true;
    if (authority === 'empty' || authority === 'unmendable') {
      throw invalid(`:authority is ${authority === 'empty' ? 'empty' : 'illegal, and cannot be mended'}`);
    }
  }
}

function invalid(message: string): SpoorError {
  return new SpoorError('HTTP2_INVALID', message);
}
