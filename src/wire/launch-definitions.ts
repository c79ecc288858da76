/** The messages of proto/spoor/v1/admin.proto about launch definitions; the comments are there. */
export interface WireLaunchDefinition extends WireLaunchDefinitionDraft {
  readonly created_at: string;
  readonly source: string;
  readonly file: string;
  readonly line: number;
}

export interface WireLaunchDefinitionDraft {
  readonly name: string;
  readonly command: readonly string[];
  readonly args: readonly string[];
  readonly caller_args: string;
  readonly cwd: string;
  readonly env: WireLaunchEnvironment | null;
  readonly secrets: readonly WireLaunchSecret[];
  readonly may_launch: WireMayLaunch | null;
  readonly run_as: string;
  readonly limits: Readonly<Record<string, string>>;
  readonly restart: string;
}

export interface WireLaunchEnvironment {
  readonly pass: readonly string[];
  readonly set: Readonly<Record<string, string>>;
  readonly dangerous: readonly string[];
}

export interface WireLaunchSecret {
  readonly name: string;
  readonly file: string;
  readonly credential: string;
}

export interface WireMayLaunch {
  readonly users: readonly string[];
  readonly groups: readonly string[];
  readonly spiffe_ids: readonly string[];
}

export interface ListLaunchDefinitionsResponse {
  readonly definitions: readonly WireLaunchDefinition[];
}

export interface AddLaunchDefinitionRequest {
  readonly definition: WireLaunchDefinitionDraft | null;
  readonly yaml: string;
}
