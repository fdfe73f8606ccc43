/* The subcommands: each is a function in a file of its own, cmd_<name>.c. argv[0] is the subcommand's name.
 */
#ifndef CLI_COMMAND_H
#define CLI_COMMAND_H

int cmd_init(int argc, char **argv);
int cmd_request(int argc, char **argv);
int cmd_serve(int argc, char **argv);
int cmd_demo(int argc, char **argv);
int cmd_check(int argc, char **argv);
int cmd_account(int argc, char **argv);
int cmd_destination(int argc, char **argv);
int cmd_domain(int argc, char **argv);
int cmd_user(int argc, char **argv);
int cmd_source(int argc, char **argv);
int cmd_definition(int argc, char **argv);
int cmd_group(int argc, char **argv);
int cmd_licence(int argc, char **argv);
int cmd_node(int argc, char **argv);
int cmd_policy(int argc, char **argv);
int cmd_destructions(int argc, char **argv);
int cmd_queue(int argc, char **argv);
int cmd_message(int argc, char **argv);
int cmd_migrate(int argc, char **argv);
int cmd_version(int argc, char **argv);

#endif
