import { registerHooks } from 'node:module';

/**
 * For `node --import`: lets a real process run src/ as it stands, where `./x.js` is `./x.ts`. Node strips the types.
 */
registerHooks({
  resolve: (specifier, context, next) => {
    const isOurs = specifier.startsWith('.') && context.parentURL?.includes('/node_modules/') === false;
    return next(isOurs ? specifier.replace(/\.js$/u, '.ts') : specifier, context);
  },
});
