/** What one uid, and all together, may do at the door. */
export interface DoorLimits {
  /** How long a connection may take from accept until it is let in. */
  readonly handshakeMs: number;
  /** Connections of one uid that are not let in yet. */
  readonly pendingPerUid: number;
  /** Bytes that are held back of the connections of one uid that are not let in yet. */
  readonly heldBytesPerUid: number;
  /** New connections of one uid in a second, on the average. */
  readonly connectionsPerSecondPerUid: number;
  /** And at once, after a pause. */
  readonly connectionBurstPerUid: number;
}

/** How many connections there may be is a matter of descriptors: `DescriptorBudget`. */
export const DEFAULT_DOOR_LIMITS: DoorLimits = {
  handshakeMs: 5_000,
  pendingPerUid: 1_024,
  heldBytesPerUid: 4 * 1_048_576,
  connectionsPerSecondPerUid: 1_000,
  connectionBurstPerUid: 4_096,
};
