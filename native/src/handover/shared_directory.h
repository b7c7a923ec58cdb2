/* A directory that processes of any user of the pod share. */
#ifndef LT_SHARED_DIRECTORY_H
#define LT_SHARED_DIRECTORY_H

/* Opens the directory for reading. A link is an error. Answers a descriptor or a negative error number. */
int lt_shared_directory_open(const char *path);

/* The same, and makes a missing one in an existing directory, with mode 0777. Call it inside the guard. */
int lt_shared_directory_open_or_make(const char *path);

/* Opens, or makes, a file in it, by openat(2)'s flags. A link is an error, and a pipe does not wait. Answers a
 * descriptor or a negative error number. */
int lt_shared_directory_open_file(int directory, const char *name, int flags);

#endif
