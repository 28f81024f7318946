// SPDX-License-Identifier: GPL-2.0-only
/*
 * ubd.c - block devices on files and block devices of the host.
 *
 * Theory of operation.  A request of the block layer becomes one transfer of the host
 * layer.  Guest RAM is mapped linearly into the kernel's process, so the transfer names
 * the request's own pages.  What the host has in its page cache is read at once, in
 * queue_rq; everything else goes to the host layer's threads, which finish it in any
 * order and raise HOST_IRQ_BLOCK.  A request never fails here without the host having
 * refused it, and the errno of the host becomes the status of that request.
 *
 * The device says that it has a volatile write cache: the host's page cache.  A flush is
 * the host's fdatasync, a forced write the host's RWF_DSYNC.  With the flag s every
 * write is forced, and there is no cache to flush.
 */
#include <linux/blk-mq.h>
#include <linux/blkdev.h>
#include <linux/hdreg.h>
#include <linux/init.h>
#include <linux/interrupt.h>
#include <linux/kernel.h>
#include <linux/major.h>
#include <linux/slab.h>
#include <host/disk.h>
#include <host/io.h>
#include <host/irq.h>

#define UBD_SHIFT	4		/* minors of a device: itself and 15 partitions */
#define UBD_DEPTH	128
#define UBD_SEGMENTS	128
#define UBD_BYTES	SZ_1M		/* largest transfer */
#define UBD_RANGE	SZ_1G		/* largest range discarded or zeroed at once */
#define UBD_BLOCK	SZ_4K		/* unit in which the host allocates */

/**
 * struct ubd - one device
 * @disk: the generic disk
 * @tags: its requests
 * @file: where the data are
 * @sync: the flag s
 */
struct ubd {
	struct gendisk *disk;
	struct blk_mq_tag_set tags;
	struct host_io_file file;
	bool sync;
};

/* What is allocated with each request of the block layer. */
struct ubd_request {
	struct host_io io;
	struct host_iovec iov[UBD_SEGMENTS];
};

/* --------------------------------------------------------------- requests */

static int map_op(struct request *rq)
{
	switch (req_op(rq)) {
	case REQ_OP_READ:
		return HOST_IO_READ;
	case REQ_OP_WRITE:
		return HOST_IO_WRITE;
	case REQ_OP_FLUSH:
		return HOST_IO_FLUSH;
	case REQ_OP_DISCARD:
		return HOST_IO_DISCARD;
	case REQ_OP_WRITE_ZEROES:
		return rq->cmd_flags & REQ_NOUNMAP ? HOST_IO_ZERO : HOST_IO_ZERO_UNMAP;
	default:
		return -EOPNOTSUPP;
	}
}

/* Pages that follow each other in memory make one element. */
static void map_memory(struct request *rq, struct ubd_request *ureq)
{
	struct host_io *io = &ureq->io;
	struct req_iterator iter;
	struct bio_vec bv;

	rq_for_each_bvec(bv, rq, iter) {
		void *base = bvec_virt(&bv);
		struct host_iovec *last = io->count ? &ureq->iov[io->count - 1] : NULL;

		if (last && last->base + last->len_bytes == base) {
			last->len_bytes += bv.bv_len;
			continue;
		}
		if (WARN_ON_ONCE(io->count == UBD_SEGMENTS))
			break;
		ureq->iov[io->count++] = (struct host_iovec){ base, bv.bv_len };
	}
}

static blk_status_t ubd_queue_rq(struct blk_mq_hw_ctx *hctx, const struct blk_mq_queue_data *bd)
{
	struct request *rq = bd->rq;
	struct ubd *ubd = hctx->queue->queuedata;
	struct ubd_request *ureq = blk_mq_rq_to_pdu(rq);
	struct host_io *io = &ureq->io;
	int op = map_op(rq);

	if (op < 0)
		return BLK_STS_NOTSUPP;
	*io = (struct host_io){
		.op = op,
		.sync = ubd->sync || (rq->cmd_flags & REQ_FUA),
		.file = &ubd->file,
		.iov = ureq->iov,
		.offset_bytes = (u64)blk_rq_pos(rq) << SECTOR_SHIFT,
		.len_bytes = blk_rq_bytes(rq),
	};
	if (op == HOST_IO_READ || op == HOST_IO_WRITE)
		map_memory(rq, ureq);

	blk_mq_start_request(rq);
	if (host_io_try(io))
		blk_mq_end_request(rq, errno_to_blk_status(io->result));
	else
		host_io_submit(io);
	/* Also if this one is done: those of the row before it may be waiting. */
	if (bd->last)
		host_io_kick();
	return BLK_STS_OK;
}

static void ubd_commit_rqs(struct blk_mq_hw_ctx *hctx)
{
	host_io_kick();
}

static void ubd_complete(struct request *rq)
{
	struct ubd_request *ureq = blk_mq_rq_to_pdu(rq);
	struct host_io *io = &ureq->io;

	/* The file system under the file cannot: do not ask again. */
	if (io->op == HOST_IO_DISCARD && io->result == -EOPNOTSUPP)
		blk_queue_disable_discard(rq->q);
	blk_mq_end_request(rq, errno_to_blk_status(io->result));
}

static const struct blk_mq_ops ubd_mq_ops = {
	.queue_rq = ubd_queue_rq,
	.commit_rqs = ubd_commit_rqs,
	.complete = ubd_complete,
};

static irqreturn_t ubd_interrupt(int irq, void *data)
{
	struct host_io *io;

	while ((io = host_io_next())) {
		struct ubd_request *ureq = container_of(io, struct ubd_request, io);

		blk_mq_complete_request(blk_mq_rq_from_pdu(ureq));
	}
	return IRQ_HANDLED;
}

/* ----------------------------------------------------------------- devices */

/* For partitioning programs that still think in cylinders. */
static int ubd_getgeo(struct block_device *bdev, struct hd_geometry *geo)
{
	geo->heads = 128;
	geo->sectors = 32;
	geo->cylinders = min_t(sector_t, get_capacity(bdev->bd_disk) / (128 * 32), 65535);
	return 0;
}

static const struct block_device_operations ubd_ops = {
	.owner = THIS_MODULE,
	.getgeo = ubd_getgeo,
};

static struct queue_limits ubd_limits(const struct host_disk *host)
{
	struct queue_limits lim = {
		.logical_block_size = SECTOR_SIZE,
		.physical_block_size = UBD_BLOCK,
		.max_hw_sectors = UBD_BYTES >> SECTOR_SHIFT,
		.max_segments = UBD_SEGMENTS,
		.max_segment_size = UBD_BYTES,
		.dma_alignment = 3,
		.max_write_zeroes_sectors = UBD_RANGE >> SECTOR_SHIFT,
	};

	if (!(host->flags & HOST_DISK_SYNC))
		lim.features |= BLK_FEAT_WRITE_CACHE | BLK_FEAT_FUA;
	if (!(host->flags & (HOST_DISK_READONLY | HOST_DISK_NO_TRIM))) {
		lim.max_hw_discard_sectors = UBD_RANGE >> SECTOR_SHIFT;
		lim.discard_granularity = UBD_BLOCK;
	}
	return lim;
}

static int ubd_add_disk(struct ubd *ubd, int n, const struct host_disk *host)
{
	struct queue_limits lim = ubd_limits(host);
	struct gendisk *disk = blk_mq_alloc_disk(&ubd->tags, &lim, ubd);
	int ret;

	if (IS_ERR(disk))
		return PTR_ERR(disk);
	disk->major = UBD_MAJOR;
	disk->first_minor = n << UBD_SHIFT;
	disk->minors = 1 << UBD_SHIFT;
	disk->fops = &ubd_ops;
	disk->private_data = ubd;
	snprintf(disk->disk_name, sizeof(disk->disk_name), "ubd%c", 'a' + n);
	/* The last sector may reach past the end of the file: it reads as zeroes there. */
	set_capacity(disk, DIV_ROUND_UP_ULL(host->size_bytes, SECTOR_SIZE));
	set_disk_ro(disk, host->flags & HOST_DISK_READONLY);
	ubd->disk = disk;
	ret = add_disk(disk);
	if (ret)
		put_disk(disk);
	return ret;
}

static int ubd_add(int n, const struct host_disk *host)
{
	struct ubd *ubd = kzalloc(sizeof(*ubd), GFP_KERNEL);
	int ret;

	if (!ubd)
		return -ENOMEM;
	ret = host_io_file_init(&ubd->file, host->fd);
	if (ret)
		goto free;
	ubd->sync = host->flags & HOST_DISK_SYNC;
	ubd->tags.ops = &ubd_mq_ops;
	ubd->tags.nr_hw_queues = 1;
	ubd->tags.queue_depth = UBD_DEPTH;
	ubd->tags.numa_node = NUMA_NO_NODE;
	ubd->tags.cmd_size = sizeof(struct ubd_request);
	ubd->tags.flags = BLK_MQ_F_SHOULD_MERGE;
	ret = blk_mq_alloc_tag_set(&ubd->tags);
	if (ret)
		goto free;
	ret = ubd_add_disk(ubd, n, host);
	if (!ret)
		return 0;
	blk_mq_free_tag_set(&ubd->tags);
free:
	kfree(ubd);
	return ret;
}

static int __init ubd_init(void)
{
	int ret;

	ret = register_blkdev(UBD_MAJOR, "ubd");
	if (ret)
		return ret;
	ret = request_irq(HOST_IRQ_BLOCK, ubd_interrupt, 0, "ubd", NULL);
	if (ret) {
		unregister_blkdev(UBD_MAJOR, "ubd");
		return ret;
	}
	for (int n = 0; n < HOST_DISKS; n++) {
		if (!host_disks[n].path)
			continue;
		ret = ubd_add(n, &host_disks[n]);
		if (ret)
			pr_err("ubd%c: %s: cannot add the disk: %d\n", 'a' + n, host_disks[n].path,
			       ret);
	}
	return 0;
}
device_initcall(ubd_init);
