import { status } from '@grpc/grpc-js';
import { describe, expect, it } from 'vitest';
import { ERRORS, SpoorError, type ErrorCode } from '../../src/core/errors.js';
import { toAdminStatus, toWorkloadStatus } from '../../src/api/status.js';

function workload(code: ErrorCode, message: string): { code: number; details: string } {
  return toWorkloadStatus(new SpoorError(code, message), 7);
}

describe('the status of a failed call', () => {
  it.each([
    ['HEADER_MISSING', status.INVALID_ARGUMENT, 'security header missing from request (call 7)'],
    ['IDENTITY_NOT_ISSUED', status.PERMISSION_DENIED, 'no identity issued (call 7)'],
    ['PEER_UNKNOWN', status.UNAVAILABLE, 'workload attestation failed (call 7)'],
    ['ATTESTATION_FAILED', status.UNAVAILABLE, 'workload attestation failed (call 7)'],
    ['RATE_EXCEEDED', status.UNAVAILABLE, 'our words (call 7)'],
    ['AUTHORITY_NOT_READY', status.UNAVAILABLE, 'our words (call 7)'],
    ['ARGUMENT_INVALID', status.INVALID_ARGUMENT, 'our words (call 7)'],
    ['JWT_SVID_INVALID', status.INVALID_ARGUMENT, 'our words (call 7)'],
    ['NOT_OFFERED', status.UNIMPLEMENTED, 'our words (call 7)'],
    ['STOPPING', status.UNAVAILABLE, 'our words (call 7)'],
    ['RECORD_UNWRITABLE', status.UNAVAILABLE, 'not available: RECORD_UNWRITABLE (call 7)'],
    ['INVARIANT_BROKEN', status.INTERNAL, 'internal error (call 7)'],
  ] as const)('is SPIRE’s for %s', (code, expected, details) => {
    expect(workload(code, 'our words')).toEqual({ code: expected, details });
  });

  it('goes on after SPIRE’s words where attestation says what it cannot do', () => {
    expect(workload('ATTESTATION_FAILED', 'workload attestation failed: not of this uid').details).toBe(
      'workload attestation failed: not of this uid (call 7)',
    );
  });

  it('tells nothing of an error that is not ours', () => {
    const error = new Error('/var/lib/spoor/keys: permission denied');
    expect(toWorkloadStatus(error, 1)).toEqual({ code: status.INTERNAL, details: 'internal error (call 1)' });
    expect(toAdminStatus(error, 1)).toEqual({ code: status.INTERNAL, details: 'internal error (call 1)' });
  });

  it('tells an operator the message of every error but a bug', () => {
    const error = new SpoorError('RECORD_UNWRITABLE', 'the disk is full');
    expect(toAdminStatus(error, 2).details).toBe('the disk is full (call 2)');
    expect(toAdminStatus(new SpoorError('ENTRY_NOT_FOUND', 'x'), 2).code).toBe(status.NOT_FOUND);
    expect(toAdminStatus(new SpoorError('ENTRY_EXISTS', 'x'), 2).code).toBe(status.ALREADY_EXISTS);
  });

  it('is never OK or UNKNOWN, whatever the code', () => {
    for (const code of Object.keys(ERRORS) as ErrorCode[]) {
      expect([status.OK, status.UNKNOWN]).not.toContain(workload(code, 'x').code);
    }
  });

  it('holds no lone surrogate, and no more than a header can carry', () => {
    expect(workload('ARGUMENT_INVALID', 'a\ud800b').details).toBe('a\ufffdb (call 7)');
    const long = workload('ARGUMENT_INVALID', '😀'.repeat(5_000)).details;
    expect(long.length).toBeLessThan(1_600);
    expect(() => encodeURI(long)).not.toThrow();
  });
});
