import { createServer } from 'node:http';
import { authorizeMemberOf, BundleSource, validateJwt } from '../../src/index.js';

export const bundles = await BundleSource.open({ profiles: ['jwt'] });
const allowed = authorizeMemberOf('example.org');

export const server = createServer((request, response) => {
  try {
    const { id } = validateJwt(request.headers.authorization ?? '', 'reports', bundles, allowed);
    response.end(`hello ${id.toString()}\n`);
  } catch (error) {
    response.writeHead(401).end(`${error instanceof Error ? error.message : 'refused'}\n`);
  }
});
server.listen(Number(process.env['PORT'] ?? 8080));
