import { describe, expect, it } from 'vitest';
import { commandFault, isPath } from '../../../src/launch/definitions/command-fault.js';

const PROGRAM = { at: 0, allowed: 'an absolute path, or npx or uvx' };
const NPX = { at: 1, allowed: 'NAME@VERSION, the version exact such as 1.2.3' };
const UVX = { at: 1, allowed: 'NAME==VERSION, the version exact such as 1.2.3' };

describe('commandFault', () => {
  it.each([
    [['/usr/bin/node', '-e', '../x'], undefined],
    [['/usr/bin/space in name'], undefined],
    [['node', '/opt/x.mjs'], PROGRAM],
    [['./node'], PROGRAM],
    [['/'], PROGRAM],
    [[''], PROGRAM],
    [['/usr/../bin/sh'], PROGRAM],
    [['/usr/./bin/sh'], PROGRAM],
    [['//bin/sh'], PROGRAM],
    [['/bin/'], PROGRAM],
    [['/bin/s\0h'], PROGRAM],
    [['./npx', 'x@1.2.3'], PROGRAM],
    [['/usr/bin/npx', 'x'], NPX],
    [['/usr/bin/npx', 'x@1.2.3'], undefined],
    [['npx', 'mcp-server@1.2.3', '--flag'], undefined],
    [['npx', '@scope/mcp-server@1.2.3'], undefined],
    [['npx', '@scope/mcp-server@1.2.3-rc.1+build.5'], undefined],
    [['npx', 'JSONStream@1.3.5'], undefined],
    [['npx'], NPX],
    [['npx', 'mcp-server'], NPX],
    [['npx', '@scope/mcp-server'], NPX],
    [['npx', '-y', 'mcp-server@1.2.3'], NPX],
    [['npx', 'mcp-server@latest'], NPX],
    [['npx', 'mcp-server@1.2'], NPX],
    [['npx', 'mcp-server@^1.2.3'], NPX],
    [['npx', 'mcp-server@1.x.0'], NPX],
    [['npx', 'mcp-server@01.2.3'], NPX],
    [['npx', 'mcp-server@npm:other@1.2.3'], NPX],
    [['npx', '../evil@1.2.3'], NPX],
    [['npx', '@scope/../evil@1.2.3'], NPX],
    [['npx', 'git+ssh://host/x@1.2.3'], NPX],
    [['npx', '.hidden@1.2.3'], NPX],
    [['npx', `${'x'.repeat(215)}@1.2.3`], NPX],
    [['uvx', 'mcp-server-git==2025.1.14'], undefined],
    [['uvx', 'ruff==0.5'], undefined],
    [['uvx', 'x==1!2.0rc1.post2.dev3+local.1'], undefined],
    [['uvx'], UVX],
    [['uvx', 'ruff'], UVX],
    [['uvx', 'ruff@0.5.0'], UVX],
    [['uvx', 'ruff>=0.5'], UVX],
    [['uvx', 'ruff==0.5.*'], UVX],
    [['uvx', 'ruff==0.5==0.6'], UVX],
    [['uvx', 'ruff==latest'], UVX],
    [['uvx', 'ruff @ https://host/x==1.0'], UVX],
    [['uvx', '-ruff==1.0'], UVX],
  ])('judges %j', (command, fault) => {
    expect(commandFault(command)).toEqual(fault);
  });
});

describe('isPath', () => {
  it.each([
    ['/a', true],
    ['/..a/.b/c..', true],
    ['/a/..', false],
    ['/.', false],
    ['a', false],
    [`/${'x'.repeat(4_094)}`, true],
    [`/${'x'.repeat(4_095)}`, false],
    [`/${'ü'.repeat(2_047)}`, true],
    [`/${'ü'.repeat(2_048)}`, false],
  ])('judges %s', (text, answer) => {
    expect(isPath(text)).toBe(answer);
  });
});
