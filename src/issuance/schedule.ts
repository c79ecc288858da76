/**
 * When to replace a document.
 *
 * Half of the lifetime, moved by up to a tenth of that half in either direction so that a fleet started together does
 * not renew together.
 *
 * Takes:   `notBefore`, `notAfter` — the document's validity, UTC instants.
 *          `random` — uniform in [0, 1), drawn once, when the document is issued: drawn anew at each look, the first
 *          favourable draw would win and the fleet would renew within a few seconds.
 * Returns: an instant between 45 and 55 hundredths of the lifetime.
 * Source:  half-life with a tenth of jitter, as the SPIRE agent does; decision 8.
 */
export function rotationInstant(notBefore: Date, notAfter: Date, random: number): Date {
  const half = (notAfter.getTime() - notBefore.getTime()) / 2;
  const jitter = (random * 2 - 1) * (half / 10);
  return new Date(Math.round(notBefore.getTime() + half + jitter));
}

/**
 * How long a document issued now may live.
 *
 * Takes:   `ttlSeconds` — of its entry, or the default one. `signerEnd` — nothing outlives what signed it.
 * Returns: its end, in whole seconds, as X.509 and JWT write it.
 */
export function endOfLife(now: Date, ttlSeconds: number, signerEnd: Date): Date {
  const end = Math.min(now.getTime() + ttlSeconds * 1_000, signerEnd.getTime());
  return new Date(Math.floor(end / 1_000) * 1_000);
}
