/* pcm_vcard: a virtual sound card as an alsa-lib ioplug, without kernel sound.
 *
 * The card is a shared file (card.py has the same layout): a 4096-byte header, then the microphone's samples, then
 * the speaker's, both int16 mono at 48 kHz, indexed by absolute card time
 *     S(t) = (t - epoch) * 48000 * (1 + ppm/1e6),   t = CLOCK_MONOTONIC
 * A capture stream started at S0 delivers mic[S0...]; frame k of a playback stream started at S0 is heard at S0+k, and
 * is written to speaker[S0+k] only if it arrives before that instant, as with a DAC. Wake-ups come at period edges, by
 * timerfd, as interrupts do; the hardware pointer moves in steps of `gran` frames. Xruns stop the stream (EPIPE) as a
 * kernel driver would. An unplugged card answers ENODEV for ever: it has to be opened again once it is back.
 *
 * On a linear card nothing is heard or said past its end. On a ring the index wraps: `mic_end` and `end` say up to
 * which card sample the content is of this round, so that nothing is heard twice.
 */
#include <alsa/asoundlib.h>
#include <alsa/pcm_external.h>
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>

#define CARD_RATE 48000
#define HEADER_BYTES 4096
#define MAGIC "VCARD02"
static const unsigned all_rates[] = {48000, 24000, 16000, 8000};

struct stream_stat { /* 72 bytes */
    uint32_t opens, starts, xruns, stops;
    uint32_t rate, channels, period, buffer;
    int64_t start_ns;     /* of the first start */
    uint64_t frames;      /* transferred, in stream frames */
    uint64_t late;        /* frames written after their time */
    uint64_t end;         /* playback: card sample behind the last one written */
    uint32_t start_fill;  /* playback: frames queued at the start */
    uint32_t avail_min;
};

struct header {
    char magic[8];
    int64_t epoch_ns;
    double ppm;
    uint64_t len;         /* samples in each direction */
    uint64_t mic_end;     /* card sample behind the last one said into the microphone */
    uint32_t gran;        /* pointer step, card frames */
    uint32_t ring;        /* 1: the index wraps */
    uint32_t gone;        /* 1: unplugged now */
    uint32_t unplugs;     /* how often it was: an open handle dies with the first */
    uint32_t rates;       /* bit i: all_rates[i] is accepted */
    uint32_t min_channels, max_channels;
    uint32_t busy;        /* 1: another program has it */
    struct stream_stat st[2]; /* playback, capture */
};

struct vcard {
    snd_pcm_ioplug_t io;
    struct header *h;
    int16_t *mic, *spk;
    struct stream_stat *st;
    int timer, running;
    uint32_t unplugs;     /* at the opening */
    uint64_t base;        /* card sample at the start */
    int64_t t0;
    unsigned div;         /* CARD_RATE / stream rate */
    snd_pcm_uframes_t stop_threshold, avail_min, boundary;
    int16_t *queued;      /* mono frames written before the start */
    int16_t last;
    size_t map_bytes;
};

static int64_t now_ns(void)
{
    struct timespec ts;
    clock_gettime(CLOCK_MONOTONIC, &ts);
    return ts.tv_sec * 1000000000LL + ts.tv_nsec;
}

static uint64_t card_pos(struct vcard *v, int64_t t)
{
    double s = (double)(t - v->h->epoch_ns) * 1e-9 * CARD_RATE * (1.0 + v->h->ppm * 1e-6);
    return s < 0 ? 0 : (uint64_t)s;
}

static uint64_t stream_pos(struct vcard *v)
{
    uint64_t s = card_pos(v, now_ns());
    if (s < v->base) return 0;
    s -= v->base;
    if (v->h->gran > 1) s -= s % v->h->gran;
    return s / v->div;
}

/* The card was pulled out since this handle was opened. */
static int is_gone(struct vcard *v)
{
    struct header *h = v->h;
    if (!__atomic_load_n(&h->gone, __ATOMIC_ACQUIRE) && __atomic_load_n(&h->unplugs, __ATOMIC_ACQUIRE) == v->unplugs)
        return 0;
    snd_pcm_ioplug_set_state(&v->io, SND_PCM_STATE_DISCONNECTED);
    return 1;
}

static void arm(struct vcard *v, int always)
{
    struct itimerspec it = {{0, 0}, {0, 0}};
    if (always) {
        it.it_value.tv_nsec = 1;
    } else if (v->running) {
        int64_t period = (int64_t)(1e9 * v->io.period_size / v->io.rate / (1.0 + v->h->ppm * 1e-6));
        int64_t first = v->t0 + period + 60000; /* surely past the edge: base is rounded up */
        it.it_interval.tv_sec = period / 1000000000;
        it.it_interval.tv_nsec = period % 1000000000;
        it.it_value.tv_sec = first / 1000000000;
        it.it_value.tv_nsec = first % 1000000000;
    }
    timerfd_settime(v->timer, TFD_TIMER_ABSTIME, &it, NULL);
}

static int16_t mic_at(struct vcard *v, uint64_t s)
{
    uint64_t end = __atomic_load_n(&v->h->mic_end, __ATOMIC_ACQUIRE), len = v->h->len;
    if (s >= end || s + len < end || (!v->h->ring && s >= len)) return 0;
    return v->mic[s % len];
}

static void speaker_put(struct vcard *v, uint64_t s, int16_t x)
{
    uint64_t len = v->h->len, end = v->st->end;
    if (!v->h->ring && s >= len) return;
    if (v->h->ring && s > end) /* what was not played is silence, not the round before */
        for (uint64_t g = s - end > len ? s - len : end; g < s; g++) v->spk[g % len] = 0;
    v->spk[s % len] = x;
    if (s >= end)
        __atomic_store_n(&v->st->end, s + 1, __ATOMIC_RELEASE);
}

/* One stream frame: at lower rates the card interpolates. */
static void play(struct vcard *v, uint64_t k, int16_t x)
{
    uint64_t s = v->base + k * v->div;
    for (unsigned i = 0; i < v->div; i++)
        speaker_put(v, s + i, v->div == 1 ? x : v->last + (x - v->last) * (int)(i + 1) / (int)v->div);
    v->last = x;
}

static int16_t record(struct vcard *v, uint64_t k)
{
    uint64_t s = v->base + k * v->div;
    int x = 0;
    for (unsigned j = 0; j < v->div; j++) x += mic_at(v, s + j);
    return x / (int)v->div;
}

static int cb_start(snd_pcm_ioplug_t *io)
{
    struct vcard *v = io->private_data;
    if (is_gone(v)) return -ENODEV;
    v->t0 = now_ns();
    v->base = card_pos(v, v->t0) + 1;
    v->last = 0;
    v->running = 1;
    if (!v->st->starts++) v->st->start_ns = v->t0;
    if (io->stream == SND_PCM_STREAM_PLAYBACK) {
        v->st->start_fill = io->appl_ptr;
        for (snd_pcm_uframes_t k = 0; k < io->appl_ptr; k++)
            play(v, k, v->queued[k % io->buffer_size]);
    }
    arm(v, 0);
    return 0;
}

static int cb_stop(snd_pcm_ioplug_t *io)
{
    struct vcard *v = io->private_data;
    if (v->running && io->stream == SND_PCM_STREAM_PLAYBACK) { /* what is queued is never heard */
        uint64_t s = card_pos(v, now_ns()), end = v->base + io->appl_ptr * v->div;
        for (; s < end; s++) speaker_put(v, s, 0);
    }
    if (v->running)
        v->st->stops++;
    v->running = 0;
    arm(v, 1);
    return 0;
}

static snd_pcm_sframes_t cb_pointer(snd_pcm_ioplug_t *io)
{
    struct vcard *v = io->private_data;
    uint64_t hw, appl = io->appl_ptr;
    int xrun;
    if (is_gone(v) || !v->running) /* alsa-lib would make an xrun of any error here; the state says ENODEV */
        return io->hw_ptr;
    hw = stream_pos(v);
    xrun = io->stream == SND_PCM_STREAM_PLAYBACK ? hw > appl && io->state != SND_PCM_STATE_DRAINING
                                                 : hw > appl + io->buffer_size;
    if (xrun && v->stop_threshold < v->boundary) {
        v->st->xruns++;
        v->running = 0;
        arm(v, 1);
        return -EPIPE;
    }
    return hw % v->boundary;
}

static snd_pcm_sframes_t cb_transfer(snd_pcm_ioplug_t *io, const snd_pcm_channel_area_t *area, snd_pcm_uframes_t offset,
                                     snd_pcm_uframes_t size)
{
    struct vcard *v = io->private_data;
    unsigned channels = io->channels, step = area[0].step / 16;
    int16_t *p = (int16_t *)((char *)area[0].addr + area[0].first / 8) + offset * step;
    uint64_t k = io->appl_ptr, end = k + size;
    if (is_gone(v)) return -ENODEV;
    if (io->stream == SND_PCM_STREAM_PLAYBACK) {
        uint64_t hw = v->running ? stream_pos(v) : 0;
        for (; k < end; k++, p += step) {
            int16_t x = channels == 2 ? (p[0] + p[1]) / 2 : p[0];
            v->queued[k % io->buffer_size] = x;
            if (v->running && k < hw) v->st->late++;
            else if (v->running)
                play(v, k, x);
        }
    } else {
        for (; k < end; k++, p += step) {
            int16_t x = record(v, k);
            for (unsigned c = 0; c < channels; c++) p[c] = x;
        }
    }
    v->st->frames += size;
    return size;
}

static int cb_prepare(snd_pcm_ioplug_t *io)
{
    struct vcard *v = io->private_data;
    if (is_gone(v)) return -ENODEV;
    v->running = 0;
    arm(v, io->stream == SND_PCM_STREAM_PLAYBACK);
    return 0;
}

static int cb_hw_params(snd_pcm_ioplug_t *io, snd_pcm_hw_params_t *params)
{
    struct vcard *v = io->private_data;
    (void)params;
    if (is_gone(v)) return -ENODEV;
    v->div = CARD_RATE / io->rate;
    free(v->queued);
    v->queued = calloc(io->buffer_size, 2);
    v->st->rate = io->rate;
    v->st->channels = io->channels;
    v->avail_min = v->st->period = io->period_size;
    v->stop_threshold = v->st->buffer = io->buffer_size;
    return v->queued ? 0 : -ENOMEM;
}

static int cb_sw_params(snd_pcm_ioplug_t *io, snd_pcm_sw_params_t *params)
{
    struct vcard *v = io->private_data;
    snd_pcm_sw_params_get_stop_threshold(params, &v->stop_threshold);
    snd_pcm_sw_params_get_avail_min(params, &v->avail_min);
    snd_pcm_sw_params_get_boundary(params, &v->boundary);
    v->st->avail_min = v->avail_min;
    return 0;
}

static int cb_poll_revents(snd_pcm_ioplug_t *io, struct pollfd *fds, unsigned n, unsigned short *revents)
{
    struct vcard *v = io->private_data;
    unsigned short want = io->stream == SND_PCM_STREAM_PLAYBACK ? POLLOUT : POLLIN;
    uint64_t expirations, hw, avail;
    int dead = is_gone(v) || (!v->running && io->state == SND_PCM_STATE_XRUN);
    *revents = dead ? want | POLLERR : !v->running && want == POLLOUT ? want : 0; /* prepared: there is room */
    if (dead || !v->running || n < 1 || !(fds[0].revents & POLLIN)) return 0;
    hw = stream_pos(v);
    avail = want == POLLOUT ? hw + io->buffer_size - io->appl_ptr : hw - io->appl_ptr;
    if (avail >= v->avail_min || avail > io->buffer_size || io->state == SND_PCM_STATE_DRAINING) *revents = want;
    else if (read(v->timer, &expirations, sizeof expirations) < 0) return 0; /* not ready yet */
    return 0;
}

static int cb_drain(snd_pcm_ioplug_t *io)
{
    struct vcard *v = io->private_data;
    while (v->running && !is_gone(v) && stream_pos(v) < io->appl_ptr) usleep(1000);
    return 0;
}

static int cb_delay(snd_pcm_ioplug_t *io, snd_pcm_sframes_t *delay)
{
    struct vcard *v = io->private_data;
    uint64_t hw = v->running ? stream_pos(v) : 0;
    if (is_gone(v)) return -ENODEV;
    *delay = (snd_pcm_sframes_t)(io->stream == SND_PCM_STREAM_PLAYBACK ? io->appl_ptr - hw : hw - io->appl_ptr);
    return 0;
}

static void release(struct vcard *v)
{
    if (v->timer >= 0) close(v->timer);
    if (v->h) munmap(v->h, v->map_bytes);
    free(v->queued);
    free(v);
}

static int cb_close(snd_pcm_ioplug_t *io)
{
    cb_stop(io);
    release(io->private_data);
    return 0;
}

static const snd_pcm_ioplug_callback_t callbacks = {
    .start = cb_start,         .stop = cb_stop,   .pointer = cb_pointer,           .transfer = cb_transfer,
    .close = cb_close,         .drain = cb_drain, .hw_params = cb_hw_params,       .sw_params = cb_sw_params,
    .prepare = cb_prepare,     .delay = cb_delay, .poll_revents = cb_poll_revents,
};

static int constrain(snd_pcm_ioplug_t *io, const struct header *h)
{
    static const unsigned access[] = {SND_PCM_ACCESS_RW_INTERLEAVED, SND_PCM_ACCESS_MMAP_INTERLEAVED};
    static const unsigned format[] = {SND_PCM_FORMAT_S16_LE};
    unsigned rates[4], n = 0;
    int err;
    for (unsigned i = 0; i < 4; i++)
        if (h->rates & 1u << i) rates[n++] = all_rates[i];
    if ((err = snd_pcm_ioplug_set_param_list(io, SND_PCM_IOPLUG_HW_ACCESS, 2, access)) < 0 ||
        (err = snd_pcm_ioplug_set_param_list(io, SND_PCM_IOPLUG_HW_FORMAT, 1, format)) < 0 ||
        (err = snd_pcm_ioplug_set_param_list(io, SND_PCM_IOPLUG_HW_RATE, n, rates)) < 0 ||
        (err = snd_pcm_ioplug_set_param_minmax(io, SND_PCM_IOPLUG_HW_CHANNELS, h->min_channels, h->max_channels)) < 0 ||
        (err = snd_pcm_ioplug_set_param_minmax(io, SND_PCM_IOPLUG_HW_PERIOD_BYTES, 96, 38400)) < 0 ||
        (err = snd_pcm_ioplug_set_param_minmax(io, SND_PCM_IOPLUG_HW_BUFFER_BYTES, 192, 153600)) < 0)
        return err;
    return snd_pcm_ioplug_set_param_minmax(io, SND_PCM_IOPLUG_HW_PERIODS, 2, 64);
}

static int map_card(struct vcard *v, const char *path)
{
    struct stat sb;
    void *map;
    int fd = open(path, O_RDWR | O_CLOEXEC);
    if (fd < 0) return errno == ENOENT ? -ENODEV : -errno;
    if (fstat(fd, &sb) < 0 || sb.st_size < HEADER_BYTES) {
        close(fd);
        return -EINVAL;
    }
    map = mmap(NULL, sb.st_size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    close(fd);
    if (map == MAP_FAILED) return -errno;
    v->h = map;
    v->map_bytes = sb.st_size;
    if (memcmp(v->h->magic, MAGIC, sizeof MAGIC) || v->map_bytes < HEADER_BYTES + 4 * v->h->len)
        return -EINVAL;
    v->mic = (int16_t *)((char *)map + HEADER_BYTES);
    v->spk = v->mic + v->h->len;
    v->unplugs = v->h->unplugs;
    if (v->h->gone) return -ENODEV;
    return v->h->busy ? -EBUSY : 0;
}

SND_PCM_PLUGIN_DEFINE_FUNC(vcard)
{
    snd_config_iterator_t i, next;
    const char *path = NULL, *id;
    struct vcard *v;
    int err;
    (void)root;
    snd_config_for_each(i, next, conf) {
        snd_config_t *n = snd_config_iterator_entry(i);
        if (snd_config_get_id(n, &id) >= 0 && !strcmp(id, "path"))
            snd_config_get_string(n, &path);
    }
    if (!path || !(v = calloc(1, sizeof *v))) return path ? -ENOMEM : -EINVAL;
    v->timer = -1;
    v->boundary = (snd_pcm_uframes_t)1 << 62;
    if ((err = map_card(v, path)) < 0) {
        release(v);
        return err;
    }
    v->st = &v->h->st[stream == SND_PCM_STREAM_CAPTURE];
    v->timer = timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK | TFD_CLOEXEC);
    v->io = (snd_pcm_ioplug_t){
        .version = SND_PCM_IOPLUG_VERSION, .name = "virtual card", .callback = &callbacks, .private_data = v,
        .flags = SND_PCM_IOPLUG_FLAG_MONOTONIC | SND_PCM_IOPLUG_FLAG_BOUNDARY_WA,
        .poll_fd = v->timer, .poll_events = POLLIN,
    };
    if ((err = snd_pcm_ioplug_create(&v->io, name, stream, mode)) < 0) {
        release(v);
        return err;
    }
    if ((err = constrain(&v->io, v->h)) < 0) {
        snd_pcm_ioplug_delete(&v->io); /* closes: cb_close releases */
        return err;
    }
    v->st->opens++;
    *pcmp = v->io.pcm;
    return 0;
}
SND_PCM_PLUGIN_SYMBOL(vcard);
