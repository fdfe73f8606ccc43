/* The log: one line an event on standard error, `level topic: words key=value…`. Only edges, workers and
 * commands log; folders up to flow return results and log at debug level at most. No secrets ever; message
 * text, subjects and addresses of outsiders at debug level only. */
#ifndef BASE_LOG_H
#define BASE_LOG_H

enum log_level { LOG_LEVEL_DEBUG, LOG_LEVEL_INFO, LOG_LEVEL_WARNING, LOG_LEVEL_ERROR };

/* Lines below this level are dropped; the default is info. */
void log_set_level(enum log_level level);

/* One line; control characters in it are shown as \xNN, so it stays one line whatever it quotes. */
void log_line(enum log_level level, const char *topic, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

#define log_debug(topic, ...) log_line(LOG_LEVEL_DEBUG, topic, __VA_ARGS__)
#define log_info(topic, ...) log_line(LOG_LEVEL_INFO, topic, __VA_ARGS__)
#define log_warning(topic, ...) log_line(LOG_LEVEL_WARNING, topic, __VA_ARGS__)
#define log_error(topic, ...) log_line(LOG_LEVEL_ERROR, topic, __VA_ARGS__)

#endif
