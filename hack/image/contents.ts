// What the application image holds and how it starts: the same as the final stage of the Dockerfile, which a test compares.

/** Folders and files of the repository, built where they are built, that stand under /app. */
export const applicationPaths = ['package.json', 'LICENSE', 'bin', 'dist', 'examples', 'node_modules'] as const;

/** Files of the system that the final stage adds to its base. */
export const systemFiles = ['/etc/ssl/certs/ca-certificates.crt'] as const;

/** What bin/genwarden runs before it becomes Node.js; the Dockerfile's base has more. */
export const programs = ['sh', 'dirname', 'readlink'] as const;

export const applicationConfig = {
  user: '10001:10001',
  workingDir: '/app',
  env: { NODE_ENV: 'production' },
  entrypoint: ['/app/bin/genwarden'],
};
