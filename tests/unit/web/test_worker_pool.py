"""Work of a pool takes its pace."""

import asyncio
import time

from exporter.web.pace import REST, Pace
from exporter.web.worker_pool import WorkerPool

WORK_SECONDS = 0.02  # of the processor


def work() -> None:
    began = time.thread_time()
    while time.thread_time() - began < WORK_SECONDS:
        pass


def test_work_delays_the_next_by_a_rest_in_proportion_to_what_it_took_of_the_processor() -> None:
    async def waited() -> float:
        pool = WorkerPool("page", pace=Pace(0.0))
        try:
            await pool.run(work)
            began = asyncio.get_running_loop().time()
            await pool.run(lambda: None)
            return asyncio.get_running_loop().time() - began
        finally:
            pool.close()

    assert asyncio.run(waited()) > WORK_SECONDS * REST * 0.9
