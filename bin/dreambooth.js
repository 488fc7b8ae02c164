#!/usr/bin/env node
process.env.NODE_ENV ??= 'production'; // Before React is imported: its development build keeps a record of every update.
await import('../dist/cli.js');
