import { JwtSource } from '../../src/index.js';

await using jwts = await JwtSource.open();

// Kept until half of its life is over: ask for it at every request.
const { token } = await jwts.fetch({ audience: 'reports' });

const url = process.env['SERVER_URL'] ?? 'http://127.0.0.1:8080/';
const response = await fetch(url, { headers: { authorization: `Bearer ${token}` } });
export const answer = await response.text();
