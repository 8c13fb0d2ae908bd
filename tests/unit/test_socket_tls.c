/* test_socket_tls.c - a client stream with TLS: whom it trusts, what it says
 * when it does not, and how it ends. The server is OpenSSL, blocking, in a
 * thread; certificates are made on the spot. */
#include <fcntl.h>

#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

#include "on_socket.h"

enum { MEGABYTE = 1024 * 1024, DAY = 24 * 3600 };

struct tls_server {
    struct server server; /* its `arg` points here */
    const char *names;    /* subjectAltName */
    long from, until;     /* validity in seconds from now */
    int max_version;      /* 0: the newest */
    void (*talk)(struct tls_server *server, SSL *ssl);
    EVP_PKEY *key;
    X509 *cert;
    char ca_file[64];
    bool ended; /* the client sent close_notify */
};

static EVP_PKEY *make_key(void)
{
    EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_id(EVP_PKEY_EC, NULL);
    EVP_PKEY *key = NULL;

    assert_true(EVP_PKEY_keygen_init(ctx) > 0);
    assert_true(
        EVP_PKEY_CTX_set_ec_paramgen_curve_nid(ctx, NID_X9_62_prime256v1) > 0);
    assert_true(EVP_PKEY_keygen(ctx, &key) > 0);
    EVP_PKEY_CTX_free(ctx);
    return key;
}

static X509 *make_cert(const struct tls_server *server)
{
    X509 *cert = X509_new();
    X509_NAME *name = X509_get_subject_name(cert);
    X509_EXTENSION *extension =
        X509V3_EXT_conf_nid(NULL, NULL, NID_subject_alt_name, server->names);

    assert_non_null(extension);
    (void)X509_set_version(cert, 2);
    (void)ASN1_INTEGER_set(X509_get_serialNumber(cert), 1);
    (void)X509_gmtime_adj(X509_getm_notBefore(cert), server->from);
    (void)X509_gmtime_adj(X509_getm_notAfter(cert), server->until);
    (void)X509_set_pubkey(cert, server->key);
    (void)X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC,
                                     (const unsigned char *)"test", -1, -1, 0);
    (void)X509_set_issuer_name(cert, name);
    (void)X509_add_ext(cert, extension, -1);
    X509_EXTENSION_free(extension);
    assert_true(X509_sign(cert, server->key, EVP_sha256()) > 0);
    return cert;
}

static void write_ca(struct tls_server *server)
{
    (void)snprintf(server->ca_file, sizeof(server->ca_file),
                   "/tmp/moongate-ca-XXXXXX");
    int fd = mkstemp(server->ca_file);
    FILE *file = fdopen(fd, "w");

    assert_non_null(file);
    assert_int_equal(PEM_write_X509(file, server->cert), 1);
    assert_int_equal(fclose(file), 0);
}

static void serve_tls(struct server *base, int fd)
{
    struct tls_server *server = base->arg;
    SSL_CTX *ctx = SSL_CTX_new(TLS_server_method());

    (void)SSL_CTX_use_certificate(ctx, server->cert);
    (void)SSL_CTX_use_PrivateKey(ctx, server->key);
    if (server->max_version) {
        SSL_CTX_set_security_level(ctx, 0);
        (void)SSL_CTX_set_min_proto_version(ctx, TLS1_VERSION);
        (void)SSL_CTX_set_max_proto_version(ctx, server->max_version);
    }
    SSL *ssl = SSL_new(ctx);
    (void)SSL_set_fd(ssl, fd);
    if (SSL_accept(ssl) == 1)
        server->talk(server, ssl);
    SSL_free(ssl);
    SSL_CTX_free(ctx);
    ERR_clear_error();
}

static void tls_server_begin(struct tls_server *server)
{
    if (!server->names)
        server->names = "DNS:localhost,IP:127.0.0.1";
    if (!server->until)
        server->until = DAY;
    server->key = make_key();
    server->cert = make_cert(server);
    write_ca(server);
    server_begin(&server->server, serve_tls, server);
}

static void tls_server_end(struct tls_server *server)
{
    server_end(&server->server);
    X509_free(server->cert);
    EVP_PKEY_free(server->key);
    assert_int_equal(unlink(server->ca_file), 0);
}

static void talk_echo(struct tls_server *server, SSL *ssl)
{
    char bytes[16 * 1024];
    int n;

    while ((n = SSL_read(ssl, bytes, sizeof(bytes))) > 0)
        if (SSL_write(ssl, bytes, n) <= 0)
            return;
    server->ended = SSL_get_error(ssl, n) == SSL_ERROR_ZERO_RETURN;
    (void)SSL_write(ssl, "rest", 4);
    (void)SSL_shutdown(ssl);
}

/* Ends TCP, but not TLS. */
static void talk_cut(struct tls_server *server, SSL *ssl)
{
    (void)server;
    (void)SSL_write(ssl, "half", 4);
    SSL_set_quiet_shutdown(ssl, 1);
}

static void tls_connect(struct client *client, void **state,
                        const struct tls_server *server, const char *host,
                        const char *name)
{
    const struct socket_options options = {
        .host = host,
        .port = server->server.port,
        .tls = true,
        .tls_name = name,
        .ca_file = server->ca_file,
    };

    client_connect(client, state, &options);
}

static void trusts_names_and_addresses(void **state)
{
    static const struct {
        const char *host, *name;
    } cases[] = {
        { "127.0.0.1", NULL },
        { "localhost", NULL },
        { "127.0.0.1", "localhost" },
    };

    for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
        struct tls_server server = { .talk = talk_echo };
        struct client client;

        tls_server_begin(&server);
        tls_connect(&client, state, &server, cases[i].host, cases[i].name);
        socket_write(client.socket, "early ", 6);
        client_run(&client);
        assert_int_equal(client.opened, 1);
        socket_write(client.socket, "bird", 4);
        client.wanted = 10;
        client_run(&client);
        assert_string_equal(buf_text(&client.got), "early bird");
        client_end(&client);
        tls_server_end(&server);
    }
}

static void speaks_tls_1_2(void **state)
{
    struct tls_server server = { .talk = talk_echo,
                                 .max_version = TLS1_2_VERSION };
    struct client client;

    tls_server_begin(&server);
    tls_connect(&client, state, &server, "localhost", NULL);
    client_run(&client);
    assert_int_equal(client.opened, 1);
    client_end(&client);
    tls_server_end(&server);
}

/* The system's certificates, as Debian keeps them: files named by hash. */
static void trusts_a_hashed_directory(void **state)
{
    struct tls_server server = { .talk = talk_echo };
    char dir[] = "/tmp/moongate-certs-XXXXXX";
    struct client client;
    char file[64];

    tls_server_begin(&server);
    assert_non_null(mkdtemp(dir));
    (void)snprintf(file, sizeof(file), "%s/%08lx.0", dir,
                   X509_subject_name_hash(server.cert));
    assert_int_equal(symlink(server.ca_file, file), 0);
    assert_int_equal(unsetenv("SSL_CERT_FILE"), 0);
    assert_int_equal(setenv("SSL_CERT_DIR", dir, 1), 0);
    const struct socket_options options = { .host = "localhost",
                                            .port = server.server.port,
                                            .tls = true };
    client_connect(&client, state, &options);
    client_run(&client);
    assert_int_equal(client.opened, 1);
    client_end(&client);
    assert_int_equal(unsetenv("SSL_CERT_DIR"), 0);
    assert_int_equal(unlink(file), 0);
    assert_int_equal(rmdir(dir), 0);
    tls_server_end(&server);
}

static void refuses_bad_certificates(void **state)
{
    static const struct {
        const char *names, *name;
        long from, until;
        bool own_ca;
        const char *words;
    } cases[] = {
        { .own_ca = false, .words = "self-signed; set tls_ca" },
        { .own_ca = true, .name = "other.example", .words = "another name" },
        { .own_ca = true, .name = "192.0.2.1", .words = "this IP address" },
        { .own_ca = true, .names = "DNS:*.example", .words = "another name" },
        { .own_ca = true,
          .from = -2 * DAY,
          .until = -DAY,
          .words = "has expired" },
        { .own_ca = true,
          .from = DAY,
          .until = 2 * DAY,
          .words = "not valid yet" },
    };

    for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
        struct tls_server server = { .names = cases[i].names,
                                     .from = cases[i].from,
                                     .until = cases[i].until,
                                     .talk = talk_echo };
        struct client client;

        tls_server_begin(&server);
        const struct socket_options options = {
            .host = "localhost",
            .port = server.server.port,
            .tls = true,
            .tls_name = cases[i].name,
            .ca_file = cases[i].own_ca ? server.ca_file : NULL,
        };
        client_connect(&client, state, &options);
        client_run(&client);
        assert_int_equal(client.opened, 0);
        assert_int_equal(client.err.kind, ERR_AUTH);
        assert_non_null(strstr(client.err.text, cases[i].words));
        client_end(&client);
        tls_server_end(&server);
    }
}

static void refuses_old_versions(void **state)
{
    struct tls_server server = { .talk = talk_echo,
                                 .max_version = TLS1_1_VERSION };
    struct client client;

    tls_server_begin(&server);
    tls_connect(&client, state, &server, "localhost", NULL);
    client_run(&client);
    assert_int_equal(client.opened, 0);
    assert_int_equal(client.gone, 1);
    assert_int_equal(client.err.kind, ERR_LINK);
    client_end(&client);
    tls_server_end(&server);
}

static void serve_clear(struct server *server, int fd)
{
    (void)server;
    send_all(fd, "<?xml version='1.0'?>", 21);
}

static void serve_silence(struct server *server, int fd)
{
    receive_to_eof(server, fd);
}

static void tells_what_is_no_tls(void **state)
{
    static const struct {
        void (*serve)(struct server *server, int fd);
        int timeout_ms;
        const char *words;
    } cases[] = {
        { serve_clear, 20000, "is it a TLS port?" },
        { serve_silence, 200, "no TLS handshake in time" },
    };

    for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
        struct server server;
        struct client client;

        server_begin(&server, cases[i].serve, NULL);
        const struct socket_options options = { .host = "127.0.0.1",
                                                .port = server.port,
                                                .tls = true,
                                                .timeout_ms =
                                                    cases[i].timeout_ms };
        client_connect(&client, state, &options);
        client_run(&client);
        assert_int_equal(client.gone, 1);
        assert_int_equal(client.err.kind, ERR_LINK);
        assert_non_null(strstr(client.err.text, cases[i].words));
        client_end(&client);
        server_end(&server);
    }
}

static void tells_settings_that_cannot_work(void **state)
{
    char name[300];
    const struct socket_options cases[] = {
        { .host = "127.0.0.1",
          .port = 1,
          .tls = true,
          .ca_file = "/nonexistent.pem" },
        { .host = "127.0.0.1", .port = 1, .tls = true, .tls_name = name },
    };

    memset(name, 'x', sizeof(name));
    name[sizeof(name) - 1] = '\0';
    for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
        struct client client;

        client_connect(&client, state, &cases[i]);
        client_run(&client);
        assert_int_equal(client.gone, 1);
        assert_int_equal(client.err.kind, ERR_CONFIG);
        client_end(&client);
    }
}

static void carries_much(void **state)
{
    struct tls_server server = { .talk = talk_echo };
    char *bytes = xmalloc(8 * MEGABYTE);
    struct client client;

    for (size_t i = 0; i < 8 * MEGABYTE; i++)
        bytes[i] = (char)(i * 7 % 253);
    tls_server_begin(&server);
    tls_connect(&client, state, &server, "localhost", NULL);
    client_run(&client);
    for (size_t i = 0; i < 8; i++)
        socket_write(client.socket, bytes + i * MEGABYTE, MEGABYTE);
    assert_int_equal(socket_queued(client.socket), 8 * MEGABYTE);
    client.wanted = 8 * MEGABYTE;
    client_run(&client);
    assert_memory_equal(client.got.data, bytes, 8 * MEGABYTE);
    assert_int_equal(socket_queued(client.socket), 0);
    client_end(&client);
    tls_server_end(&server);
    free(bytes);
}

static void shuts_down_in_order(void **state)
{
    struct tls_server server = { .talk = talk_echo };
    struct client client;

    tls_server_begin(&server);
    tls_connect(&client, state, &server, "localhost", NULL);
    client_run(&client);
    socket_write(client.socket, "last ", 5);
    socket_shutdown(client.socket);
    client_run(&client);
    assert_int_equal(client.eof, 1);
    assert_int_equal(client.gone, 0);
    assert_string_equal(buf_text(&client.got), "last rest");
    client_end(&client);
    tls_server_end(&server);
    assert_true(server.ended);
}

static void tells_a_cut_from_an_end(void **state)
{
    struct tls_server server = { .talk = talk_cut };
    struct client client;

    tls_server_begin(&server);
    tls_connect(&client, state, &server, "localhost", NULL);
    while (client.gone == 0 && client.eof == 0)
        client_run(&client);
    assert_int_equal(client.eof, 0);
    assert_int_equal(client.err.kind, ERR_LINK);
    assert_non_null(strstr(client.err.text, "cut off"));
    assert_string_equal(buf_text(&client.got), "half");
    client_end(&client);
    tls_server_end(&server);
}

static void closes_in_its_callbacks(void **state)
{
    for (int i = 0; i < 2; i++) {
        struct tls_server server = { .talk = talk_cut };
        struct client client;

        tls_server_begin(&server);
        tls_connect(&client, state, &server, "localhost", NULL);
        client.close_on_open = i == 0;
        client.close_on_data = i == 1;
        client_run(&client);
        if (i == 1 && client.got.len == 0)
            client_run(&client);
        client_end(&client);
        assert_int_equal(client.eof + client.gone, 0);
        tls_server_end(&server);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        ON_LOOP(trusts_names_and_addresses),
        ON_LOOP(speaks_tls_1_2),
        ON_LOOP(trusts_a_hashed_directory),
        ON_LOOP(refuses_bad_certificates),
        ON_LOOP(refuses_old_versions),
        ON_LOOP(tells_what_is_no_tls),
        ON_LOOP(tells_settings_that_cannot_work),
        ON_LOOP(carries_much),
        ON_LOOP(shuts_down_in_order),
        ON_LOOP(tells_a_cut_from_an_end),
        ON_LOOP(closes_in_its_callbacks),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
