import util from 'node:util';

// Tests see one world wherever they run: no colour, UTC, a UTF-8 locale, quiet native code.
delete process.env.CI;
delete process.env.NO_COLOR;
process.env.FORCE_COLOR = '0';
process.env.TZ = 'UTC';
process.env.LANG = 'C.UTF-8';
process.env.TF_CPP_MIN_LOG_LEVEL ??= '3';
// What XLA compiles here runs a few times only.
process.env.XLA_FLAGS ??= '--xla_backend_optimization_level=0';

// tfjs-node-gpu 4.22 still calls these two, which newer versions of Node no longer have.
const legacy = util as unknown as Record<string, unknown>;
legacy.isNullOrUndefined ??= (value: unknown) => value === null || value === undefined;
legacy.isArray ??= Array.isArray;
