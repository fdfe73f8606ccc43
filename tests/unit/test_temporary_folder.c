#include "tests/unit/temporary_folder.h"
#include "tests/unit/unit.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

static void fill(const char *folder)
{
	char path[100];

	(void)snprintf(path, sizeof(path), "%s/deep", folder);
	assert_int_equal(mkdir(path, 0700), 0);
	(void)snprintf(path, sizeof(path), "%s/deep/file", folder);
	int fd = creat(path, 0600);
	assert_true(fd >= 0);
	assert_int_equal(close(fd), 0);
}

/* A program that makes two folders and, when told so, has a child that ends before it. */
static void run_program(int out, bool has_child)
{
	for (int i = 0; i < 2; i++) {
		const char *folder = temporary_folder();
		fill(folder);
		assert_int_equal(write(out, folder, strlen(folder)), strlen(folder));
		assert_int_equal(write(out, "\n", 1), 1);
	}
	pid_t child = has_child ? fork() : 1;
	if (child == 0)
		exit(0);
	if (!has_child)
		exit(0);
	assert_int_equal(waitpid(child, NULL, 0), child);
	_exit(0); /* without what exit() does */
}

/* The names of its folders, which the program has left to its end. */
static void play(bool has_child, char names[2][64])
{
	int ends[2];

	assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
	pid_t program = fork();
	assert_true(program >= 0);
	if (program == 0)
		run_program(ends[1], has_child);
	assert_int_equal(close(ends[1]), 0);
	FILE *in = fdopen(ends[0], "r");
	assert_non_null(in);
	for (int i = 0; i < 2; i++) {
		assert_non_null(fgets(names[i], 64, in));
		names[i][strcspn(names[i], "\n")] = '\0';
	}
	(void)fclose(in);
	assert_int_equal(waitpid(program, NULL, 0), program);
}

static void folders_go_with_the_program(void **state)
{
	char names[2][64];

	(void)state;
	play(false, names);
	assert_string_not_equal(names[0], names[1]);
	for (int i = 0; i < 2; i++)
		assert_int_equal(access(names[i], F_OK), -1);
}

static void a_child_that_ends_takes_no_folder_with_it(void **state)
{
	char names[2][64], path[100];

	(void)state;
	play(true, names);
	for (int i = 0; i < 2; i++) {
		(void)snprintf(path, sizeof(path), "%s/deep/file", names[i]);
		assert_int_equal(unlink(path), 0);
		(void)snprintf(path, sizeof(path), "%s/deep", names[i]);
		assert_int_equal(rmdir(path), 0);
		assert_int_equal(rmdir(names[i]), 0);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(folders_go_with_the_program),
		cmocka_unit_test(a_child_that_ends_takes_no_folder_with_it),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
