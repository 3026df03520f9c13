// SPDX-License-Identifier: GPL-2.0
/*
 * vpi - the header of a virtual Raspberry Pi, for tests
 *
 * One gpio_chip of 54 lines. From outside, lines are pulled to a level and joined with each other, as the keys of a
 * matrix join a row and a column. Levels follow as electricity has it, ghosts included, and edges interrupt at once.
 *
 * One I2C adapter with one device, of which all that is written to it is recorded, and which can be unplugged.
 *
 * /dev/vpi-gpio
 *	write	lines of "key A B 0|1" (join lines A and B, or part them), "pull N 0|1|-" (connect line N to ground, to
 *		3.3 V, to nothing), "wait MICROSECONDS"; what follows a wait happens after it
 *	read	54 characters, the levels now, and a newline
 * /dev/vpi-i2c
 *	write	"ack 0|1": the device is unplugged, plugged in; it loses nothing, for it keeps nothing
 *	read	records: u64 nanoseconds on the monotonic clock, u16 length, the bytes that were written in one message;
 *		EOVERFLOW once if some were lost since the last read
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/bitmap.h>
#include <linux/completion.h>
#include <linux/delay.h>
#include <linux/gpio/driver.h>
#include <linux/hrtimer.h>
#include <linux/i2c.h>
#include <linux/interrupt.h>
#include <linux/irq.h>
#include <linux/kfifo.h>
#include <linux/miscdevice.h>
#include <linux/module.h>
#include <linux/pinctrl/pinconf-generic.h>
#include <linux/platform_device.h>
#include <linux/poll.h>
#include <linux/uaccess.h>

#define LINES		54
#define SCRIPT_MAX	4096
#define RECORDS_SIZE	(1 << 20)
#define OPEN		-1	/* neither ground nor 3.3 V */

static char *label = "pinctrl-bcm2835";
module_param(label, charp, 0444);
MODULE_PARM_DESC(label, "name of the gpio_chip; programs look for a Pi's header by it");

static int address = 0x3c;
module_param(address, int, 0444);
MODULE_PARM_DESC(address, "of the I2C device");

static int i2c_hz = 400000;
module_param(i2c_hz, int, 0644);
MODULE_PARM_DESC(i2c_hz, "clock of the I2C bus: a transfer takes its time; 0: none");

static struct platform_device *board;

/* --- lines ------------------------------------------------------------------------------------------------------- */

static struct {
	raw_spinlock_t lock;
	DECLARE_BITMAP(input, LINES);
	DECLARE_BITMAP(driven, LINES);	/* the level of those that are outputs */
	DECLARE_BITMAP(level, LINES);
	DECLARE_BITMAP(masked, LINES);
	u32 trigger[LINES];		/* IRQ_TYPE_EDGE_* */
	s8 outside[LINES];		/* 0, 1, OPEN */
	s8 bias[LINES];			/* 0, 1, OPEN */
	u64 joined[LINES];
} pins = { .lock = __RAW_SPIN_LOCK_UNLOCKED(pins.lock) };

/* The level of a net of joined lines: low wins over high, what drives over what pulls. */
static int net_level(unsigned int line)
{
	u64 seen = BIT_ULL(line), waiting = seen;
	bool high = false, up = false;

	while (waiting) {
		int i = __ffs64(waiting);

		waiting &= ~BIT_ULL(i);
		if (!test_bit(i, pins.input)) {
			if (!test_bit(i, pins.driven))
				return 0;
			high = true;
		}
		if (pins.outside[i] == 0)
			return 0;
		if (pins.outside[i] == 1)
			high = true;
		if (pins.bias[i] == 1)
			up = true;
		waiting |= pins.joined[i] & ~seen;
		seen |= pins.joined[i];
	}
	return high || up;
}

/* Let the levels follow. Which lines have an edge that somebody waits for is left in @edges. */
static void settle(unsigned long *edges)
{
	unsigned int i;

	for (i = 0; i < LINES; i++) {
		int level = net_level(i);

		if (level == test_bit(i, pins.level))
			continue;
		__assign_bit(i, pins.level, level);
		if (test_bit(i, pins.input) && !test_bit(i, pins.masked) &&
		    pins.trigger[i] & (level ? IRQ_TYPE_EDGE_RISING : IRQ_TYPE_EDGE_FALLING))
			__set_bit(i, edges);
	}
}

static struct gpio_chip chip;

static void interrupt(const unsigned long *edges)
{
	unsigned int i;

	for_each_set_bit(i, edges, LINES)
		generic_handle_domain_irq_safe(chip.irq.domain, i);
}

/* Do something to the lines under their lock, then let levels and interrupts follow. */
#define CHANGE(action)							\
	do {								\
		DECLARE_BITMAP(edges, LINES) = { };			\
		unsigned long flags;					\
									\
		raw_spin_lock_irqsave(&pins.lock, flags);		\
		action;							\
		settle(edges);						\
		raw_spin_unlock_irqrestore(&pins.lock, flags);		\
		interrupt(edges);					\
	} while (0)

static int vpi_get(struct gpio_chip *gc, unsigned int line)
{
	return test_bit(line, pins.level);
}

static int vpi_set(struct gpio_chip *gc, unsigned int line, int level)
{
	CHANGE(__assign_bit(line, pins.driven, level));
	return 0;
}

static int vpi_direction_input(struct gpio_chip *gc, unsigned int line)
{
	CHANGE(__set_bit(line, pins.input));
	return 0;
}

static int vpi_direction_output(struct gpio_chip *gc, unsigned int line, int level)
{
	CHANGE(__assign_bit(line, pins.driven, level); __clear_bit(line, pins.input));
	return 0;
}

static int vpi_get_direction(struct gpio_chip *gc, unsigned int line)
{
	return test_bit(line, pins.input) ? GPIO_LINE_DIRECTION_IN : GPIO_LINE_DIRECTION_OUT;
}

/* As the Pi's own driver does it: a line that nobody holds is an input. Its pull stays. */
static void vpi_free(struct gpio_chip *gc, unsigned int line)
{
	CHANGE(__set_bit(line, pins.input));
}

static int vpi_set_config(struct gpio_chip *gc, unsigned int line, unsigned long config)
{
	int bias;

	switch (pinconf_to_config_param(config)) {
	case PIN_CONFIG_BIAS_PULL_UP:
		bias = 1;
		break;
	case PIN_CONFIG_BIAS_PULL_DOWN:
		bias = 0;
		break;
	case PIN_CONFIG_BIAS_DISABLE:
		bias = OPEN;
		break;
	default:
		return -ENOTSUPP;
	}
	CHANGE(pins.bias[line] = bias);
	return 0;
}

static void vpi_irq_mask(struct irq_data *data)
{
	set_bit(irqd_to_hwirq(data), pins.masked);
	gpiochip_disable_irq(&chip, irqd_to_hwirq(data));
}

static void vpi_irq_unmask(struct irq_data *data)
{
	gpiochip_enable_irq(&chip, irqd_to_hwirq(data));
	clear_bit(irqd_to_hwirq(data), pins.masked);
}

static int vpi_irq_set_type(struct irq_data *data, unsigned int type)
{
	if (type & ~IRQ_TYPE_EDGE_BOTH)
		return -EINVAL;
	pins.trigger[irqd_to_hwirq(data)] = type;
	return 0;
}

static const struct irq_chip vpi_irq_chip = {
	.name = "vpi",
	.irq_mask = vpi_irq_mask,
	.irq_unmask = vpi_irq_unmask,
	.irq_set_type = vpi_irq_set_type,
	.flags = IRQCHIP_IMMUTABLE,
	GPIOCHIP_IRQ_RESOURCE_HELPERS,
};

static struct gpio_chip chip = {
	.owner = THIS_MODULE,
	.base = -1,
	.ngpio = LINES,
	.get = vpi_get,
	.set = vpi_set,
	.direction_input = vpi_direction_input,
	.direction_output = vpi_direction_output,
	.get_direction = vpi_get_direction,
	.free = vpi_free,
	.set_config = vpi_set_config,
	.irq = { .handler = handle_simple_irq, .default_type = IRQ_TYPE_NONE },
};

/* --- the hand: /dev/vpi-gpio ------------------------------------------------------------------------------------- */

static void join(unsigned int a, unsigned int b, bool closed)
{
	if (closed) {
		pins.joined[a] |= BIT_ULL(b);
		pins.joined[b] |= BIT_ULL(a);
	} else {
		pins.joined[a] &= ~BIT_ULL(b);
		pins.joined[b] &= ~BIT_ULL(a);
	}
}

/* A script is carried out by the clock's interrupt, as a hand needs no processor: a program that is busy with the first
 * edge must not make a contact of 4 ms bounce for 20, which is two presses. A wait that came out long shortens the next.
 */
struct script {
	struct hrtimer timer;
	struct completion done;
	char *rest;
	int error;
};

static int do_line(const char *text)
{
	unsigned int a, b, closed;
	char to;

	if (sscanf(text, "key %u %u %u", &a, &b, &closed) == 3) {
		if (a >= LINES || b >= LINES || a == b)
			return -EINVAL;
		CHANGE(join(a, b, closed));
		return 0;
	}
	if (sscanf(text, "pull %u %c", &a, &to) == 2) {
		if (a >= LINES || !strchr("01-", to))
			return -EINVAL;
		CHANGE(pins.outside[a] = to == '-' ? OPEN : to - '0');
		return 0;
	}
	return -EINVAL;
}

static enum hrtimer_restart go_on(struct hrtimer *timer)
{
	struct script *script = container_of(timer, struct script, timer);
	unsigned int microseconds;
	char *line;

	while (!script->error && (line = strsep(&script->rest, "\n"))) {
		if (sscanf(line, "wait %u", &microseconds) == 1) {
			hrtimer_add_expires_ns(timer, 1000ULL * microseconds);
			return HRTIMER_RESTART;
		}
		if (*line)
			script->error = do_line(line);
	}
	complete(&script->done);
	return HRTIMER_NORESTART;
}

static ssize_t hand_write(struct file *file, const char __user *text, size_t length, loff_t *offset)
{
	struct script script = { };
	int interrupted;
	char *lines;

	if (length > SCRIPT_MAX)
		return -EINVAL;
	lines = script.rest = memdup_user_nul(text, length);
	if (IS_ERR(lines))
		return PTR_ERR(lines);
	init_completion(&script.done);
	hrtimer_setup_on_stack(&script.timer, go_on, CLOCK_MONOTONIC, HRTIMER_MODE_ABS);
	hrtimer_start(&script.timer, ktime_get(), HRTIMER_MODE_ABS);
	interrupted = wait_for_completion_interruptible(&script.done);
	hrtimer_cancel(&script.timer); /* which waits until it has left go_on() */
	destroy_hrtimer_on_stack(&script.timer);
	kfree(lines);
	return interrupted ?: (script.error ?: length);
}

static ssize_t hand_read(struct file *file, char __user *to, size_t length, loff_t *offset)
{
	char levels[LINES + 1];
	unsigned int i;

	for (i = 0; i < LINES; i++)
		levels[i] = '0' + test_bit(i, pins.level);
	levels[LINES] = '\n';
	return simple_read_from_buffer(to, length, offset, levels, sizeof(levels));
}

static const struct file_operations hand_operations = {
	.owner = THIS_MODULE,
	.read = hand_read,
	.write = hand_write,
};

static struct miscdevice hand = { .minor = MISC_DYNAMIC_MINOR, .name = "vpi-gpio", .fops = &hand_operations };

/* --- I2C ---------------------------------------------------------------------------------------------------------- */

static struct {
	struct mutex lock;
	struct kfifo fifo;
	wait_queue_head_t filled;
	bool lost;
	bool plugged;
} records = {
	.lock = __MUTEX_INITIALIZER(records.lock),
	.filled = __WAIT_QUEUE_HEAD_INITIALIZER(records.filled),
	.plugged = true,
};

static void record(const struct i2c_msg *message)
{
	struct {
		__le64 at;
		__le16 length;
	} __packed head = { cpu_to_le64(ktime_get_ns()), cpu_to_le16(message->len) };

	mutex_lock(&records.lock);
	if (kfifo_avail(&records.fifo) >= sizeof(head) + message->len) {
		kfifo_in(&records.fifo, &head, sizeof(head));
		kfifo_in(&records.fifo, message->buf, message->len);
	} else {
		records.lost = true;
	}
	mutex_unlock(&records.lock);
	wake_up_interruptible(&records.filled);
}

/* Nine clock cycles a byte, the address being the first. */
static void take_time(unsigned int bytes)
{
	int hz = READ_ONCE(i2c_hz);

	if (hz > 0)
		fsleep(div_u64(9ULL * (bytes + 1) * USEC_PER_SEC, hz));
}

static int vpi_transfer(struct i2c_adapter *adapter, struct i2c_msg *messages, int count)
{
	int i;

	for (i = 0; i < count; i++) {
		if (messages[i].addr != address || !READ_ONCE(records.plugged))
			return -EREMOTEIO;
		take_time(messages[i].len);
		if (messages[i].flags & I2C_M_RD)
			memset(messages[i].buf, 0, messages[i].len);
		else
			record(&messages[i]);
	}
	return count;
}

static u32 vpi_functionality(struct i2c_adapter *adapter)
{
	return I2C_FUNC_I2C | I2C_FUNC_SMBUS_EMUL;
}

static const struct i2c_algorithm algorithm = { .xfer = vpi_transfer, .functionality = vpi_functionality };

static struct i2c_adapter adapter = { .owner = THIS_MODULE, .algo = &algorithm, .name = "vpi", .nr = 1 };

static ssize_t glass_read(struct file *file, char __user *to, size_t length, loff_t *offset)
{
	unsigned int copied = 0;
	int error;

	if (kfifo_is_empty(&records.fifo)) {
		if (file->f_flags & O_NONBLOCK)
			return -EAGAIN;
		error = wait_event_interruptible(records.filled, !kfifo_is_empty(&records.fifo));
		if (error)
			return error;
	}
	mutex_lock(&records.lock);
	if (records.lost)
		error = -EOVERFLOW;
	else
		error = kfifo_to_user(&records.fifo, to, length, &copied);
	records.lost = false;
	mutex_unlock(&records.lock);
	return error ?: copied;
}

static ssize_t glass_write(struct file *file, const char __user *text, size_t length, loff_t *offset)
{
	char line[16] = { };
	unsigned int plugged;

	if (length >= sizeof(line) || copy_from_user(line, text, length))
		return -EINVAL;
	if (sscanf(line, "ack %u", &plugged) != 1)
		return -EINVAL;
	WRITE_ONCE(records.plugged, plugged);
	return length;
}

static const struct file_operations glass_operations = {
	.owner = THIS_MODULE,
	.read = glass_read,
	.write = glass_write,
};

static struct miscdevice glass = { .minor = MISC_DYNAMIC_MINOR, .name = "vpi-i2c", .fops = &glass_operations };

/* --- module ------------------------------------------------------------------------------------------------------- */

static int __init add_chip(void)
{
	bitmap_fill(pins.input, LINES);
	bitmap_fill(pins.masked, LINES);
	memset(pins.outside, OPEN, sizeof(pins.outside));
	memset(pins.bias, OPEN, sizeof(pins.bias));
	chip.label = label;
	chip.parent = &board->dev;
	gpio_irq_chip_set_chip(&chip.irq, &vpi_irq_chip);
	return gpiochip_add_data(&chip, NULL);
}

static int __init vpi_init(void)
{
	int error;

	error = kfifo_alloc(&records.fifo, RECORDS_SIZE, GFP_KERNEL);
	if (error)
		return error;
	board = platform_device_register_simple("vpi", PLATFORM_DEVID_NONE, NULL, 0);
	if (IS_ERR(board)) {
		error = PTR_ERR(board);
		goto no_board;
	}
	error = add_chip();
	if (error)
		goto no_chip;
	error = i2c_add_numbered_adapter(&adapter);
	if (error)
		goto no_adapter;
	error = misc_register(&hand);
	if (error)
		goto no_hand;
	error = misc_register(&glass);
	if (!error)
		return 0;

	misc_deregister(&hand);
no_hand:
	i2c_del_adapter(&adapter);
no_adapter:
	gpiochip_remove(&chip);
no_chip:
	platform_device_unregister(board);
no_board:
	kfifo_free(&records.fifo);
	return error;
}

static void __exit vpi_exit(void)
{
	misc_deregister(&glass);
	misc_deregister(&hand);
	i2c_del_adapter(&adapter);
	gpiochip_remove(&chip);
	platform_device_unregister(board);
	kfifo_free(&records.fifo);
}

module_init(vpi_init);
module_exit(vpi_exit);
MODULE_LICENSE("GPL");
MODULE_DESCRIPTION("header of a virtual Raspberry Pi");
