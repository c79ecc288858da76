import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { SpoorError } from '../core/errors.js';
import { writeStateFile } from './state-file.js';

/** Whose state a folder holds. */
export interface NodeFile {
  readonly trustDomain: string;
  /** Random, 16 bytes as hex. */
  readonly nodeId: string;
}

const NAME = 'node.json';
const SHAPE = z.object({ trust_domain: z.string(), node_id: z.string().regex(/^[0-9a-f]{32}$/) });

/**
 * Reads whose state `folder` holds.
 *
 * Returns: undefined when it does not say.
 * Errors:  STATE_FOREIGN when it is another trust domain's, STATE_UNUSABLE when the file cannot be read or understood.
 */
export async function readNode(folder: string, trustDomain: string): Promise<NodeFile | undefined> {
  const text = await readIfThere(join(folder, NAME));
  if (text === undefined) return undefined;
  const node = parseNode(folder, text);
  if (node.trustDomain !== trustDomain) {
    throw new SpoorError(
      'STATE_FOREIGN',
      `${folder} holds the state of trust domain ${node.trustDomain}, not of ${trustDomain}`,
      { facts: { found: node.trustDomain, wanted: trustDomain } },
    );
  }
  return node;
}

/** Writes down whose state `folder` is from now on. Errors: STATE_UNUSABLE when it cannot. */
export async function pinNode(folder: string, node: NodeFile): Promise<NodeFile> {
  const document = { trust_domain: node.trustDomain, node_id: node.nodeId };
  await writeStateFile(join(folder, NAME), `${JSON.stringify(document)}\n`);
  return node;
}

async function readIfThere(path: string): Promise<string | undefined> {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw new SpoorError('STATE_UNUSABLE', `${path} cannot be read`, { cause: error });
  }
}

function parseNode(folder: string, text: string): NodeFile {
  try {
    const { trust_domain, node_id } = SHAPE.parse(JSON.parse(text));
    return { trustDomain: trust_domain, nodeId: node_id };
  } catch (error) {
    throw new SpoorError('STATE_UNUSABLE', `${join(folder, NAME)} is damaged`, { cause: error });
  }
}
