/**
 * `required`: the daemon, or the code that reads what it is given, must meet it. `client`: the client library and the
 * bundle reader must. `not offered`: a part of the standard that Spoor does not serve. `not applicable`: there is
 * nothing in Spoor that could meet or break it. The last two say why.
 */
export type Status = 'required' | 'client' | 'not offered' | 'not applicable';

/** MUST and MUST NOT are both MUST; a line that only states a fact or a consequence is FACT; DEFACTO is what SPIRE does. */
export type Level = 'MUST' | 'SHOULD' | 'MAY' | 'FACT' | 'DEFACTO';

/** Whom it binds: I issuer, V validator, S server, C client, P bundle publisher, B bundle consumer, * everyone. */
export type Who = 'I' | 'V' | 'S' | 'C' | 'P' | 'B' | 'IV' | 'CV' | 'PB' | 'SC' | '*';

/** One row of the tables: number, level, who, title, and a status with its reason where it is not simply required. */
export type Row =
  | readonly [id: string, level: Level, who: Who, title: string, status?: 'required' | 'client']
  | readonly [
      id: string,
      level: Level,
      who: Who,
      title: string,
      status: 'not offered' | 'not applicable',
      reason: string,
    ];

export interface Requirement {
  readonly id: string;
  readonly level: Level;
  readonly who: Who;
  readonly title: string;
  readonly status: Status;
  readonly reason?: string;
}
