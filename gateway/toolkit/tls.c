/* tls.c - OpenSSL (1.1.1 or 3.x) over two memory BIOs.
 *
 * Each connection has its own SSL_CTX: connections are few and live long, and
 * a changed CA file takes effect at the next one. Renegotiation is off, so
 * SSL_write never has to wait for input. The kind and the words of an error
 * follow from the verify result first, then from OpenSSL's own queue. */
#include "toolkit/tls.h"

#include <dirent.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

#include "base/mem.h"

enum { TLS_CHUNK = 16 * 1024 }; /* the most one record carries */

struct tls {
    SSL_CTX *ctx;
    SSL *ssl;
    BIO *in, *out; /* owned by ssl */
    char *name;
};

static const struct {
    long result;
    const char *words;
} verify_words[] = {
    { X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT,
      "is not trusted: it is self-signed; set tls_ca to its file" },
    { X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN,
      "is not trusted: its CA is private; set tls_ca to the CA's file" },
    { X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY,
      "is not trusted: its issuer is unknown; set tls_ca to the CA's file" },
    { X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT,
      "is not trusted: its issuer is unknown; set tls_ca to the CA's file" },
    { X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE,
      "is not trusted: its chain is incomplete; set tls_ca to the CA's file" },
    { X509_V_ERR_CERT_HAS_EXPIRED,
      "has expired: renew it (or correct this machine's clock)" },
    { X509_V_ERR_CERT_NOT_YET_VALID,
      "is not valid yet: is this machine's clock right?" },
    { X509_V_ERR_HOSTNAME_MISMATCH,
      "is for another name: set the server's name as in its certificate" },
    { X509_V_ERR_IP_ADDRESS_MISMATCH,
      "is not for this IP address: use the server's name" },
};

static enum tls_result tls_verify_error(const struct tls *tls, long result,
                                        struct err *err)
{
    const char *words = X509_verify_cert_error_string(result);

    for (size_t i = 0; i < sizeof(verify_words) / sizeof(*verify_words); i++)
        if (verify_words[i].result == result)
            words = verify_words[i].words;
    err_set(err, ERR_AUTH, "the server's certificate for %s %s", tls->name,
            words);
    return TLS_FAIL;
}

/* A server that talks in the clear shows as a wrong record version. */
static enum tls_result tls_error(struct tls *tls, struct err *err)
{
    unsigned long code = ERR_peek_error();
    const char *reason = ERR_reason_error_string(code);
    long result = SSL_get_verify_result(tls->ssl);
    const char *hint = "";

    ERR_clear_error();
    if (result != X509_V_OK)
        return tls_verify_error(tls, result, err);
    if (ERR_GET_REASON(code) == SSL_R_WRONG_VERSION_NUMBER)
        hint = ": is it a TLS port?";
    err_set(err, ERR_LINK, "TLS with %s failed: %s%s", tls->name,
            reason ? reason : "unknown error", hint);
    return TLS_FAIL;
}

/* Does the directory hold certificates under their hash, as c_rehash and
 * Debian's update-ca-certificates make them? */
static bool dir_is_hashed(const char *path)
{
    DIR *dir = opendir(path);
    const struct dirent *entry = NULL;
    bool found = false;

    while (dir && !found && (entry = readdir(dir))) {
        size_t size = strlen(entry->d_name);

        found = size == 10 && strcmp(entry->d_name + 8, ".0") == 0;
    }
    if (dir)
        (void)closedir(dir);
    return found;
}

/* OpenSSL's default reads the whole bundle, 0.1 s and more on the loop thread;
 * a hashed directory is looked into when a certificate is needed. */
static int ctx_load_system(SSL_CTX *ctx)
{
    const char *dir = getenv(X509_get_default_cert_dir_env());

    if (!dir)
        dir = X509_get_default_cert_dir();
    if (getenv(X509_get_default_cert_file_env()) || !dir_is_hashed(dir))
        return SSL_CTX_set_default_verify_paths(ctx);
    return SSL_CTX_load_verify_locations(ctx, NULL, dir);
}

static bool tls_make_ctx(struct tls *tls, const char *ca_file, struct err *err)
{
    tls->ctx = SSL_CTX_new(TLS_client_method());
    if (!tls->ctx)
        abort();
    SSL_CTX_set_verify(tls->ctx, SSL_VERIFY_PEER, NULL);
    (void)SSL_CTX_set_min_proto_version(tls->ctx, TLS1_2_VERSION);
    (void)SSL_CTX_set_options(tls->ctx, SSL_OP_NO_RENEGOTIATION);
    (void)SSL_CTX_set_mode(tls->ctx, SSL_MODE_RELEASE_BUFFERS);
    int ok = ca_file ? SSL_CTX_load_verify_locations(tls->ctx, ca_file, NULL)
                     : ctx_load_system(tls->ctx);
    ERR_clear_error();
    if (ok == 1)
        return true;
    return err_set(err, ERR_CONFIG,
                   "cannot read CA certificates (PEM) from tls_ca = %s",
                   ca_file ? ca_file : "(the system's)");
}

static bool tls_set_name(struct tls *tls, const char *name, struct err *err)
{
    X509_VERIFY_PARAM *param = SSL_get0_param(tls->ssl);

    if (X509_VERIFY_PARAM_set1_ip_asc(param, name) == 1)
        return true;
    ERR_clear_error();
    X509_VERIFY_PARAM_set_hostflags(param,
                                    X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);
    if (SSL_set1_host(tls->ssl, name) == 1 &&
        SSL_set_tlsext_host_name(tls->ssl, name) == 1)
        return true;
    ERR_clear_error();
    return err_set(err, ERR_CONFIG, "\"%s\" is not a host name", name);
}

struct tls *tls_new(const char *name, const char *ca_file, struct err *err)
{
    struct tls *tls = xcalloc(1, sizeof(*tls));

    tls->name = xstrdup(name);
    if (!tls_make_ctx(tls, ca_file, err)) {
        tls_free(tls);
        return NULL;
    }
    tls->ssl = SSL_new(tls->ctx);
    tls->in = BIO_new(BIO_s_mem());
    tls->out = BIO_new(BIO_s_mem());
    if (!tls->ssl || !tls->in || !tls->out)
        abort();
    SSL_set_bio(tls->ssl, tls->in, tls->out);
    SSL_set_connect_state(tls->ssl);
    if (!tls_set_name(tls, name, err)) {
        tls_free(tls);
        return NULL;
    }
    return tls;
}

void tls_free(struct tls *tls)
{
    if (!tls)
        return;
    SSL_free(tls->ssl);
    SSL_CTX_free(tls->ctx);
    free(tls->name);
    free(tls);
}

void tls_input(struct tls *tls, const char *bytes, size_t size)
{
    size_t done = 0;

    if (size > 0 && BIO_write_ex(tls->in, bytes, size, &done) != 1)
        abort(); /* a memory BIO fails for want of memory only */
}

/* What a failed SSL_* call means. */
static enum tls_result tls_result(struct tls *tls, int rc, struct err *err)
{
    switch (SSL_get_error(tls->ssl, rc)) {
    case SSL_ERROR_WANT_READ:
        return TLS_WANT;
    case SSL_ERROR_ZERO_RETURN:
        return TLS_END;
    default:
        return tls_error(tls, err);
    }
}

enum tls_result tls_handshake(struct tls *tls, struct err *err)
{
    ERR_clear_error();
    int rc = SSL_do_handshake(tls->ssl);
    return rc == 1 ? TLS_DONE : tls_result(tls, rc, err);
}

enum tls_result tls_read(struct tls *tls, char *bytes, size_t max, size_t *size,
                         struct err *err)
{
    ERR_clear_error();
    int rc = SSL_read_ex(tls->ssl, bytes, max, size);
    return rc == 1 ? TLS_DONE : tls_result(tls, rc, err);
}

void tls_output(struct tls *tls, struct buf *out)
{
    char chunk[TLS_CHUNK];
    size_t size = 0;

    while (BIO_read_ex(tls->out, chunk, sizeof(chunk), &size) == 1)
        (void)buf_add(out, chunk, size);
}

/* In pieces: the memory BIO never shrinks. */
bool tls_write(struct tls *tls, const char *bytes, size_t size, struct buf *out,
               struct err *err)
{
    ERR_clear_error();
    while (size > 0) {
        size_t done = 0;
        size_t chunk = size < TLS_CHUNK ? size : TLS_CHUNK;

        if (SSL_write_ex(tls->ssl, bytes, chunk, &done) != 1) {
            (void)tls_error(tls, err);
            return false;
        }
        tls_output(tls, out);
        bytes += done;
        size -= done;
    }
    return true;
}

void tls_shutdown(struct tls *tls)
{
    ERR_clear_error();
    (void)SSL_shutdown(tls->ssl);
    ERR_clear_error();
}
