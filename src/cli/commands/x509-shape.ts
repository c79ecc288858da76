/** What `--output json` shows of X509-SVIDs. */
export const X509_JSON = `{"svids": [{"spiffe_id", "hint", "serial", "fingerprint", "not_before", "not_after", "certificates":
 "PEM, leaf first"}], "bundles": [{"trust_domain", "certificates": "PEM"}], "files": ["path"]}
The first SVID is the default identity. Private keys are only ever written to files.`;
