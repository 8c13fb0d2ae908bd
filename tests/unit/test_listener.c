/* test_listener.c - lines over a unix socket, with real peers: the blocking
 * client in a thread, and plain sockets that behave badly. */
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "on_loop.h"

#include "base/buf.h"
#include "toolkit/listener.h"

struct scene {
    struct on_loop *on;
    struct listener *listener;
    char dir[64], path[96];
    struct peer *peer;
    unsigned accepted, closed, lines, stop_at_closed, stop_at_lines;
    uid_t uid;
    bool refuse;
    char last[128];
    size_t last_size;
    struct buf flood;
};

/* Requests: "echo X" answers X and stays, "bye X" answers X and closes,
 * "flood" writes without end, "big" answers 1 MB and closes. */
static void on_line(void *conn, struct peer *peer, char *line)
{
    struct scene *scene = conn;

    scene->lines++;
    scene->last_size = strlen(line);
    text_copy(scene->last, sizeof(scene->last), line);
    if (strncmp(line, "echo ", 5) == 0 || strncmp(line, "bye ", 4) == 0) {
        char *answer = xasprintf("%s\n", strchr(line, ' ') + 1);

        peer_write(peer, answer, strlen(answer));
        free(answer);
    }
    if (strcmp(line, "flood") == 0 || strcmp(line, "big") == 0)
        for (int i = 0; i < (line[0] == 'f' ? 5000 : 1000); i++)
            peer_write(peer, scene->flood.data, 1000);
    if (line[0] == 'b')
        peer_close(peer);
    if (scene->lines == scene->stop_at_lines)
        loop_stop(scene->on->loop);
}

static void *on_accepted(void *arg, struct peer *peer, uid_t uid, gid_t gid)
{
    struct scene *scene = arg;

    (void)gid;
    scene->accepted++;
    scene->uid = uid;
    scene->peer = peer;
    return scene->refuse ? NULL : scene;
}

static void on_closed(void *conn)
{
    struct scene *scene = conn;

    if (++scene->closed == scene->stop_at_closed)
        loop_stop(scene->on->loop);
}

static const struct listener_events events = {
    .accepted = on_accepted,
    .line = on_line,
    .closed = on_closed,
};

static void scene_begin(struct scene *scene, void **state)
{
    struct err err;

    *scene = (struct scene){ .on = *state };
    text_copy(scene->dir, sizeof(scene->dir), "/tmp/moongate-socket-XXXXXX");
    assert_non_null(mkdtemp(scene->dir));
    (void)snprintf(scene->path, sizeof(scene->path), "%s/control", scene->dir);
    buf_init(&scene->flood, 1000);
    while (scene->flood.len < 999)
        assert_true(buf_add_char(&scene->flood, 'x'));
    assert_true(buf_add_char(&scene->flood, '\n'));
    scene->listener = listener_open(&scene->on->owner, scene->path, 0600, 3,
                                    &events, scene, &err);
    assert_non_null(scene->listener);
}

static void scene_end(struct scene *scene)
{
    on_loop_close(scene->on);
    assert_int_equal(access(scene->path, F_OK), -1);
    assert_int_equal(rmdir(scene->dir), 0);
    buf_free(&scene->flood);
}

static int scene_connect(const struct scene *scene)
{
    struct sockaddr_un address = { .sun_family = AF_UNIX };
    int fd = socket(AF_UNIX, SOCK_STREAM, 0);

    text_copy(address.sun_path, sizeof(address.sun_path), scene->path);
    assert_int_equal(connect(fd, (struct sockaddr *)&address, sizeof(address)),
                     0);
    return fd;
}

static void say(int fd, const char *text)
{
    assert_int_equal(write(fd, text, strlen(text)), strlen(text));
}

struct call {
    const char *path, *request;
    pthread_t thread;
    unsigned stop_after; /* lines; 0: read to the end */
    unsigned lines;
    size_t bytes;
    char last[64];
    bool ok;
    struct err err;
};

static bool on_answer(void *arg, const char *text, char **more)
{
    (void)more;
    struct call *call = arg;

    call->lines++;
    call->bytes += strlen(text);
    text_copy(call->last, sizeof(call->last), text);
    return call->lines != call->stop_after;
}

static void *call_thread(void *arg)
{
    struct call *call = arg;

    call->ok =
        listener_call(call->path, call->request, on_answer, call, &call->err);
    return NULL;
}

/* Calls in a thread, while the loop runs until the peer is gone. */
static void call_run(struct scene *scene, struct call *call)
{
    call->path = scene->path;
    scene->stop_at_closed = scene->closed + 1;
    assert_int_equal(pthread_create(&call->thread, NULL, call_thread, call), 0);
    loop_run(scene->on->loop);
    assert_int_equal(pthread_join(call->thread, NULL), 0);
}

static void answers_and_closes(void **state)
{
    struct scene scene;
    struct call call = { .request = "bye hello" };

    scene_begin(&scene, state);
    call_run(&scene, &call);
    assert_true(call.ok);
    assert_int_equal(call.lines, 1);
    assert_string_equal(call.last, "hello");
    assert_int_equal(scene.uid, getuid());
    scene_end(&scene);
}

static void lets_the_caller_stop(void **state)
{
    struct scene scene;
    struct call call = { .request = "echo a\necho b\necho c", .stop_after = 2 };

    scene_begin(&scene, state);
    call_run(&scene, &call);
    assert_true(call.ok);
    assert_int_equal(call.lines, 2);
    assert_string_equal(call.last, "b");
    scene_end(&scene);
}

static void writes_all_before_it_closes(void **state)
{
    struct scene scene;
    struct call call = { .request = "big" };

    scene_begin(&scene, state);
    call_run(&scene, &call);
    assert_true(call.ok);
    assert_int_equal(call.lines, 1000);
    assert_int_equal(call.bytes, 999000);
    scene_end(&scene);
}

static void joins_the_pieces_of_a_line(void **state)
{
    struct scene scene;

    scene_begin(&scene, state);
    int fd = scene_connect(&scene);
    say(fd, "first\nsec");
    scene.stop_at_lines = 1;
    loop_run(scene.on->loop);
    assert_string_equal(scene.last, "first");
    say(fd, "ond\n\nlast\nrest");
    scene.stop_at_lines = 4;
    loop_run(scene.on->loop);
    assert_string_equal(scene.last, "last");
    scene.stop_at_closed = 1;
    assert_int_equal(close(fd), 0);
    loop_run(scene.on->loop);
    assert_int_equal(scene.lines, 4);
    scene_end(&scene);
}

static void answers_a_peer_that_ended_its_side(void **state)
{
    struct scene scene;
    char got[16];

    scene_begin(&scene, state);
    int fd = scene_connect(&scene);
    say(fd, "echo so\n");
    assert_int_equal(shutdown(fd, SHUT_WR), 0);
    scene.stop_at_closed = 1;
    loop_run(scene.on->loop);
    assert_int_equal(read(fd, got, sizeof(got)), 3);
    assert_memory_equal(got, "so\n", 3);
    assert_int_equal(read(fd, got, sizeof(got)), 0);
    assert_int_equal(close(fd), 0);
    scene_end(&scene);
}

static void *send_long_line(void *arg)
{
    const int *fd = arg;
    char bytes[1000];

    memset(bytes, 'x', sizeof(bytes));
    for (int i = 0; i < 200; i++)
        if (send(*fd, bytes, sizeof(bytes), MSG_NOSIGNAL) < 0)
            break;
    return NULL;
}

static void drops_a_line_without_end(void **state)
{
    struct scene scene;
    pthread_t thread;

    scene_begin(&scene, state);
    int fd = scene_connect(&scene);
    scene.stop_at_closed = 1;
    assert_int_equal(pthread_create(&thread, NULL, send_long_line, &fd), 0);
    loop_run(scene.on->loop);
    assert_int_equal(pthread_join(thread, NULL), 0);
    assert_int_equal(scene.lines, 0);
    assert_int_equal(scene.closed, 1);
    assert_int_equal(close(fd), 0);
    scene_end(&scene);
}

static void takes_a_line_of_64_kib(void **state)
{
    static char line[64 * 1024 + 1];
    struct scene scene;

    memset(line, 'x', sizeof(line));
    line[sizeof(line) - 1] = '\n';
    scene_begin(&scene, state);
    int fd = scene_connect(&scene);
    assert_int_equal(write(fd, line, sizeof(line)), sizeof(line));
    scene.stop_at_lines = 1;
    loop_run(scene.on->loop);
    assert_int_equal(scene.last_size, sizeof(line) - 1);
    assert_int_equal(close(fd), 0);
    scene_end(&scene);
}

static void drops_a_peer_that_does_not_read(void **state)
{
    struct scene scene;

    scene_begin(&scene, state);
    int fd = scene_connect(&scene);
    say(fd, "flood\n");
    scene.stop_at_closed = 1;
    loop_run(scene.on->loop);
    assert_int_equal(scene.closed, 1);
    assert_int_equal(close(fd), 0);
    scene_end(&scene);
}

static void limits_peers(void **state)
{
    struct scene scene;
    int fds[4];
    char byte;

    scene_begin(&scene, state);
    for (int i = 0; i < 4; i++)
        fds[i] = scene_connect(&scene);
    say(fds[2], "here\n");
    scene.stop_at_lines = 1;
    loop_run(scene.on->loop);
    say(fds[1], "here\n");
    scene.stop_at_lines = 2;
    loop_run(scene.on->loop);
    assert_int_equal(scene.accepted, 3);
    assert_int_equal(read(fds[3], &byte, 1), 0);
    for (int i = 0; i < 4; i++)
        assert_int_equal(close(fds[i]), 0);
    scene.stop_at_closed = 3;
    loop_run(scene.on->loop);
    fds[0] = scene_connect(&scene);
    say(fds[0], "again\n");
    scene.stop_at_lines = 3;
    loop_run(scene.on->loop);
    assert_int_equal(scene.accepted, 4);
    assert_int_equal(close(fds[0]), 0);
    scene_end(&scene);
}

static void on_look_for_end(void *arg)
{
    struct scene *scene = arg;

    if (scene->accepted > 0)
        loop_stop(scene->on->loop);
}

static void refuses_whom_the_owner_refuses(void **state)
{
    struct scene scene;
    char byte;

    scene_begin(&scene, state);
    scene.refuse = true;
    int fd = scene_connect(&scene);
    timer_repeat(timer_new(&scene.on->owner, on_look_for_end, &scene), 1);
    loop_run(scene.on->loop);
    assert_int_equal(read(fd, &byte, 1), 0);
    assert_int_equal(scene.closed, 0);
    assert_int_equal(close(fd), 0);
    scene_end(&scene);
}

static void makes_the_file_with_its_mode(void **state)
{
    static const unsigned modes[] = { 0600, 0660, 0666 };
    struct scene scene;
    struct err err;
    char path[128];

    scene_begin(&scene, state);
    mode_t old = umask(077);
    for (size_t i = 0; i < sizeof(modes) / sizeof(*modes); i++) {
        struct stat st;

        (void)snprintf(path, sizeof(path), "%s%zu", scene.path, i);
        assert_non_null(listener_open(&scene.on->owner, path, modes[i], 1,
                                      &events, &scene, &err));
        assert_int_equal(stat(path, &st), 0);
        assert_int_equal(st.st_mode & 0777, modes[i]);
    }
    (void)umask(old);
    scene_end(&scene);
}

static void replaces_a_stale_file_only(void **state)
{
    struct sockaddr_un address = { .sun_family = AF_UNIX };
    struct scene scene;
    struct err err;
    char path[128];

    scene_begin(&scene, state);
    assert_null(listener_open(&scene.on->owner, scene.path, 0600, 1, &events,
                              &scene, &err));
    assert_int_equal(err.kind, ERR_CONFIG);
    assert_non_null(strstr(err.text, "another gateway"));

    (void)snprintf(path, sizeof(path), "%s.old", scene.path);
    text_copy(address.sun_path, sizeof(address.sun_path), path);
    int fd = socket(AF_UNIX, SOCK_STREAM, 0);
    assert_int_equal(bind(fd, (struct sockaddr *)&address, sizeof(address)), 0);
    assert_int_equal(close(fd), 0);
    assert_non_null(
        listener_open(&scene.on->owner, path, 0600, 1, &events, &scene, &err));

    (void)snprintf(path, sizeof(path), "%s.file", scene.path);
    fd = open(path, O_CREAT | O_WRONLY, 0600);
    assert_null(
        listener_open(&scene.on->owner, path, 0600, 1, &events, &scene, &err));
    assert_non_null(strstr(err.text, "not a socket"));
    assert_int_equal(close(fd), 0);
    assert_int_equal(unlink(path), 0);
    scene_end(&scene);
}

static void tells_what_is_wrong(void **state)
{
    struct on_loop *on = *state;
    struct call call = { .path = "/nonexistent/control", .request = "x" };
    struct err err;
    char path[200];

    (void)call_thread(&call);
    assert_false(call.ok);
    assert_int_equal(call.err.kind, ERR_UNREACHABLE);
    assert_non_null(strstr(call.err.text, "is the gateway running?"));
    memset(path, 'x', sizeof(path));
    path[0] = '/';
    path[sizeof(path) - 1] = '\0';
    assert_null(listener_open(&on->owner, path, 0600, 1, &events, NULL, &err));
    assert_non_null(strstr(err.text, "too long"));
    assert_null(listener_open(&on->owner, "/nonexistent/control", 0600, 1,
                              &events, NULL, &err));
    assert_int_equal(err.kind, ERR_CONFIG);
    assert_non_null(strstr(err.text, "No such file"));
}

static void closes_with_open_peers(void **state)
{
    struct scene scene;
    char byte;

    scene_begin(&scene, state);
    int fd = scene_connect(&scene);
    say(fd, "echo 1\n");
    scene.stop_at_lines = 1;
    loop_run(scene.on->loop);
    scene_end(&scene);
    assert_int_equal(scene.closed, 0);
    assert_int_equal(read(fd, &byte, 1), 1);
    assert_int_equal(close(fd), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        ON_LOOP(answers_and_closes),
        ON_LOOP(lets_the_caller_stop),
        ON_LOOP(writes_all_before_it_closes),
        ON_LOOP(joins_the_pieces_of_a_line),
        ON_LOOP(answers_a_peer_that_ended_its_side),
        ON_LOOP(drops_a_line_without_end),
        ON_LOOP(takes_a_line_of_64_kib),
        ON_LOOP(drops_a_peer_that_does_not_read),
        ON_LOOP(limits_peers),
        ON_LOOP(refuses_whom_the_owner_refuses),
        ON_LOOP(makes_the_file_with_its_mode),
        ON_LOOP(replaces_a_stale_file_only),
        ON_LOOP(tells_what_is_wrong),
        ON_LOOP(closes_with_open_peers),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
