/** Why the door ends a connection. A label for metrics: the set is small and fixed. */
export type RefusalReason =
  | 'pid-unseen'
  | 'not-allowed'
  | 'rate'
  | 'uid-limit'
  | 'full'
  | 'process-unknown'
  | 'process-changed'
  | 'wrong-sender'
  | 'descriptors-sent'
  | 'malformed'
  | 'authority'
  | 'too-much'
  | 'deadline'
  | 'hung-up'
  | 'answered'
  | 'fault';

/** A connection that is ended, as a value: at the door this is an everyday result and no error. */
export interface DoorRefusal {
  readonly reason: RefusalReason;
  /** For people, lower case, no full stop. */
  readonly message: string;
}

export function refusal(reason: RefusalReason, message: string): DoorRefusal {
  return { reason, message };
}
