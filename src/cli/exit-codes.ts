/** What the exit code of `dreambooth` says. `dreambooth --help` prints this table. */
export const exitCodes = {
	done: 0,
	/** The run failed or died, or something went wrong on the way. */
	failed: 1,
	/** The command line, a config or a preset is not right; nothing was done. */
	usage: 2,
	/** The run is not there, not running, or in somebody else's hands. */
	run: 3,
	/** The TensorFlow runtime is missing or does not work. */
	runtime: 4,
	/** Left by Ctrl-C; the run, if there is one, goes on. */
	interrupted: 130,
} as const;

export const exitCodeHelp = `Exit codes:
  0    done
  1    the run failed or died, or something went wrong on the way
  2    the command line, a config or a preset is not right; nothing was done
  3    no such run, or it is not running, or it is already at work
  4    the TensorFlow runtime is missing or does not work: dreambooth setup
  130  left by Ctrl-C; a run goes on in the background`;
