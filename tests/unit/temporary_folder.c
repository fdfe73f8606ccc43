#include "tests/unit/temporary_folder.h"

#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define FOLDERS_MAX 32
#define PATTERN "/tmp/sealpost-unit-XXXXXX"

static char made[FOLDERS_MAX][sizeof(PATTERN)];
static size_t count;
static pid_t maker;

static int remove_one(const char *path, const struct stat *facts, int kind, struct FTW *place)
{
	(void)facts;
	(void)kind;
	(void)place;
	return remove(path);
}

/* A child that a test forked ends before its parent is done with them. */
static void remove_all(void)
{
	for (size_t i = 0; i < count && getpid() == maker; i++)
		(void)nftw(made[i], remove_one, 8, FTW_DEPTH | FTW_PHYS | FTW_MOUNT);
}

const char *temporary_folder(void)
{
	if (count == 0) {
		maker = getpid();
		(void)atexit(remove_all);
	}
	char *path = count < FOLDERS_MAX ? memcpy(made[count], PATTERN, sizeof(PATTERN)) : NULL;
	if (path == NULL || mkdtemp(path) == NULL) {
		perror("no temporary folder");
		exit(1);
	}
	count++;
	return path;
}
