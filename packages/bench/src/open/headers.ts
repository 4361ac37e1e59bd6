// The headers of cross-origin isolation: for the file that some hosts read, and for the service worker
// that stands in where none is read (../browser/open/isolation-worker.ts).

export const ISOLATION_HEADERS = {
  'Cross-Origin-Opener-Policy': 'same-origin',
  'Cross-Origin-Embedder-Policy': 'require-corp',
  'Cross-Origin-Resource-Policy': 'same-origin',
} as const
