// The contents and the entry point of the application image. A test compares them with the final stage of the Dockerfile.

/** Folders and files of the repository, or of its build, that are under /app. */
export const applicationPaths = ['package.json', 'LICENSE', 'bin', 'dist', 'examples', 'node_modules'] as const;

/** System files that the final stage adds to its base. */
export const systemFiles = ['/etc/ssl/certs/ca-certificates.crt'] as const;

/** Programs that bin/genwarden runs before it execs Node.js. The Dockerfile's base has more. */
export const programs = ['sh', 'dirname', 'readlink'] as const;

export const applicationConfig = {
  user: '10001:10001',
  workingDir: '/app',
  env: { NODE_ENV: 'production' },
  entrypoint: ['/app/bin/genwarden'],
};
