import type { Server } from '@grpc/grpc-js';
import { adminMethods } from '../wire/admin.js';
import { authorityAnswers } from './admin-authorities.js';
import { bundleAnswers } from './admin-bundles.js';
import { entryAnswers } from './admin-entries.js';
import { definitionAnswers } from './admin-launch-definitions.js';
import type { AdminRooms } from './admin-rooms.js';
import { statusAnswers } from './admin-status.js';
import type { Desk } from './desk.js';
import { addUnaryService } from './service.js';

/** Registers spoor.v1.Admin: what an operator asks of a running daemon. */
export function addAdmin(server: Server, rooms: AdminRooms, desk: Desk): void {
  addUnaryService(server, desk, 'spoor.v1.Admin', adminMethods, {
    ...statusAnswers(rooms),
    ...entryAnswers(rooms),
    ...authorityAnswers(rooms),
    ...bundleAnswers(rooms),
    ...definitionAnswers(rooms),
  });
}
