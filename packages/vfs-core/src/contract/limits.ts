// The limits of every file system made here. Each is tested by the conformance suite.

/** Longest name of one directory entry, in bytes of UTF-8. Longer: ENAMETOOLONG. */
export const NAME_MAX = 255
/** Longest path and longest symlink target, in bytes of UTF-8. Longer: ENAMETOOLONG. */
export const PATH_MAX = 4096
/** Most symlinks followed in one walk of a path. More: ELOOP. */
export const SYMLOOP_MAX = 40
/** Largest file, in bytes, where a backend does not declare less. Larger: EFBIG. */
export const FILE_SIZE_MAX: number = Number.MAX_SAFE_INTEGER
/** The unit of `statfs` and of `blocks` in attributes is reported against, in bytes. */
export const BLOCK_SIZE = 4096
