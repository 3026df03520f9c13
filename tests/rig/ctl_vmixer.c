/* ctl_vmixer: a virtual sound card's controls as an alsa-lib external control, without kernel sound.
 *
 * The card is a shared file (vmixer.py has the same layout): a header, then its controls. A control that `refuses` keeps
 * its value and answers EINVAL, as drivers do. An unplugged card answers ENODEV to opening and to all that follows.
 */
#include <alsa/asoundlib.h>
#include <alsa/control_external.h>
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#define MAX_CONTROLS 32

struct control { /* 72 bytes */
    char name[44];
    int32_t is_switch;
    int32_t channels;
    int32_t min, max;
    int32_t refuses;
    int32_t value[2];
};

struct header { /* 16 bytes */
    uint32_t gone;
    uint32_t count;
    uint32_t opens;
    uint32_t writes;
};

struct vmixer {
    snd_ctl_ext_t ext;
    struct header *h;
    struct control *controls;
    size_t bytes;
};

static int elem_count(snd_ctl_ext_t *ext)
{
    struct vmixer *v = ext->private_data;
    return v->h->gone ? -ENODEV : (int)v->h->count;
}

static int elem_list(snd_ctl_ext_t *ext, unsigned int offset, snd_ctl_elem_id_t *id)
{
    struct vmixer *v = ext->private_data;
    if (offset >= v->h->count) return -EINVAL;
    snd_ctl_elem_id_set_interface(id, SND_CTL_ELEM_IFACE_MIXER);
    snd_ctl_elem_id_set_name(id, v->controls[offset].name);
    return 0;
}

static snd_ctl_ext_key_t find_elem(snd_ctl_ext_t *ext, const snd_ctl_elem_id_t *id)
{
    struct vmixer *v = ext->private_data;
    for (uint32_t i = 0; i < v->h->count; i++)
        if (!strcmp(v->controls[i].name, snd_ctl_elem_id_get_name(id))) return i;
    return SND_CTL_EXT_KEY_NOT_FOUND;
}

static int get_attribute(snd_ctl_ext_t *ext, snd_ctl_ext_key_t key, int *type, unsigned int *access, unsigned int *count)
{
    struct vmixer *v = ext->private_data;
    struct control *c = &v->controls[key];
    *type = c->is_switch ? SND_CTL_ELEM_TYPE_BOOLEAN : SND_CTL_ELEM_TYPE_INTEGER;
    *access = SND_CTL_EXT_ACCESS_READWRITE;
    *count = c->channels;
    return 0;
}

static int get_integer_info(snd_ctl_ext_t *ext, snd_ctl_ext_key_t key, long *min, long *max, long *step)
{
    struct vmixer *v = ext->private_data;
    *min = v->controls[key].min;
    *max = v->controls[key].max;
    *step = 0;
    return 0;
}

static int read_integer(snd_ctl_ext_t *ext, snd_ctl_ext_key_t key, long *value)
{
    struct vmixer *v = ext->private_data;
    struct control *c = &v->controls[key];
    if (v->h->gone) return -ENODEV;
    for (int i = 0; i < c->channels; i++) value[i] = c->value[i];
    return 0;
}

static int write_integer(snd_ctl_ext_t *ext, snd_ctl_ext_key_t key, long *value)
{
    struct vmixer *v = ext->private_data;
    struct control *c = &v->controls[key];
    if (v->h->gone) return -ENODEV;
    if (c->refuses) return -EINVAL;
    for (int i = 0; i < c->channels; i++) c->value[i] = value[i];
    v->h->writes++;
    return 1;
}

static int read_event(snd_ctl_ext_t *ext, snd_ctl_elem_id_t *id, unsigned int *mask)
{
    (void)ext; (void)id; (void)mask;
    return -EAGAIN;
}

static void close_ctl(snd_ctl_ext_t *ext)
{
    struct vmixer *v = ext->private_data;
    munmap(v->h, v->bytes);
    free(v);
}

static const snd_ctl_ext_callback_t callbacks = {
    .close = close_ctl, .elem_count = elem_count, .elem_list = elem_list, .find_elem = find_elem,
    .get_attribute = get_attribute, .get_integer_info = get_integer_info, .read_integer = read_integer,
    .write_integer = write_integer, .read_event = read_event,
};

static int map_file(struct vmixer *v, const char *path)
{
    struct stat sb;
    void *map;
    int fd = open(path, O_RDWR | O_CLOEXEC);
    if (fd < 0) return -ENODEV;
    if (fstat(fd, &sb) < 0 || sb.st_size < (off_t)(sizeof(struct header) + MAX_CONTROLS * sizeof(struct control))) {
        close(fd);
        return -EINVAL;
    }
    map = mmap(NULL, sb.st_size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    close(fd);
    if (map == MAP_FAILED) return -errno;
    v->h = map;
    v->bytes = sb.st_size;
    v->controls = (struct control *)(v->h + 1);
    if (!v->h->gone && v->h->count <= MAX_CONTROLS) return 0;
    munmap(map, sb.st_size);
    return -ENODEV;
}

SND_CTL_PLUGIN_DEFINE_FUNC(vmixer)
{
    snd_config_iterator_t i, next;
    const char *path = NULL, *id;
    struct vmixer *v;
    int err;
    (void)root;
    snd_config_for_each(i, next, conf) {
        snd_config_t *n = snd_config_iterator_entry(i);
        if (snd_config_get_id(n, &id) >= 0 && !strcmp(id, "path")) snd_config_get_string(n, &path);
    }
    if (!path || !(v = calloc(1, sizeof *v))) return path ? -ENOMEM : -EINVAL;
    if ((err = map_file(v, path)) < 0) {
        free(v);
        return err;
    }
    v->h->opens++;
    v->ext.version = SND_CTL_EXT_VERSION;
    v->ext.callback = &callbacks;
    v->ext.private_data = v;
    v->ext.poll_fd = -1;
    strcpy(v->ext.id, "vmixer");
    strcpy(v->ext.driver, "vmixer");
    strcpy(v->ext.name, "virtual mixer");
    strcpy(v->ext.longname, "virtual mixer");
    strcpy(v->ext.mixername, "virtual mixer");
    if ((err = snd_ctl_ext_create(&v->ext, name, mode)) < 0) {
        munmap(v->h, v->bytes);
        free(v);
        return err;
    }
    *handlep = v->ext.handle;
    return 0;
}
SND_CTL_PLUGIN_SYMBOL(vmixer);
