// File modes: the type bits of `st_mode` (POSIX <sys/stat.h>, octal values as on Linux and in
// Emscripten) and the predicates on them.

export const S_IFMT = 0o170000
export const S_IFREG = 0o100000
export const S_IFDIR = 0o040000
export const S_IFLNK = 0o120000
/** Permission bits, with set-user-ID, set-group-ID and sticky. */
export const S_PERMISSIONS = 0o007777

export const isRegular = (mode: number): boolean => (mode & S_IFMT) === S_IFREG
export const isDirectory = (mode: number): boolean => (mode & S_IFMT) === S_IFDIR
export const isSymlink = (mode: number): boolean => (mode & S_IFMT) === S_IFLNK
