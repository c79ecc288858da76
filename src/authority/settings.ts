/** Lifetimes of what is issued, in seconds, where an entry does not say otherwise. */
export interface Lifetimes {
  readonly x509SvidSeconds: number;
  readonly jwtSvidSeconds: number;
  readonly witSvidSeconds: number;
  /** From an authority's making to its end. No document lives longer than this. */
  readonly authoritySeconds: number;
}

/** Source: decision 8. */
export const DEFAULT_LIFETIMES: Lifetimes = {
  x509SvidSeconds: 900,
  jwtSvidSeconds: 300,
  witSvidSeconds: 900,
  authoritySeconds: 86_400,
};

/** PEM files of an intermediate of the user's own PKI; each an absolute path. */
export interface UpstreamFiles {
  /** The signing certificate, then its intermediates. */
  readonly certificate: string;
  readonly key: string;
  /** The roots that verifiers trust. */
  readonly bundle: string;
}

export type JwtAlgorithm = 'ES256' | 'ES384' | 'RS256';

export interface AuthoritySettings {
  readonly lifetimes: Lifetimes;
  readonly upstream?: UpstreamFiles | undefined;
  readonly jwt: { readonly issuer?: string | undefined; readonly algorithm: JwtAlgorithm };
  /** A path, or `credential:NAME` for a systemd credential in `credentialsDirectory`. */
  readonly passphraseFile?: string | undefined;
  /** $CREDENTIALS_DIRECTORY, which systemd sets. */
  readonly credentialsDirectory?: string | undefined;
}
