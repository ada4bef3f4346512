"""A million photos whose text is drawn from common words, written by bulk statements."""

import random
from collections.abc import Sequence
from typing import Any, Final

from sqlalchemy import Connection, insert, text

from tasks.search import texts, words
from tasks.search.filters import marks_of
from tasks.store.models import photos, results, shown
from tasks.store.models import texts as kept
from tasks.store.session import Store

LATIN: Final = tuple(
    """
    the of total and amount due in invoice to date no tax receipt number is for street thank you card paid cash
    vat change item price qty subtotal customer order account bank page copy name address phone email platform
    exit entrance station train hotel room menu coffee tea bread milk water sugar open closed parking ticket gate
    flight seat terminal taxi bus museum library school hospital pharmacy police warning danger fire push pull
    stairs lift floor garden river bridge tower castle church market garage repair service warranty serial model
    battery
    """.split()  # noqa: SIM905
)
CHINESE: Final = tuple(
    """
    中国 的 发票 公司 有限 北京 上海 日期 金额 合计 号码 电话 地址 税率 名称 数量 单价 服务 收款 银行 人民 出口
    入口 地铁 车站 机场 高铁 餐厅 咖啡 茶馆 医院 学校 图书馆 博物馆 公园 停车场 请勿 吸烟 小心 地滑 营业 时间 欢迎
    光临 谢谢 惠顾 订单 编号 商品 规格 备注 合同 签字 盖章 有效 证件 护照 身份 姓名 性别 出生 民族 住址 签发 机关
    期限 药品 说明 剂量 成人 儿童 禁忌 保存 阴凉 干燥 东方 明珠 长城 故宫 西湖 黄山 泰山 长江 黄河 昆仑 敦煌 西藏
    云南 四川 火锅 米饭 面条 饺子 豆腐 青菜 牛肉 羊肉 海鲜
    """.split()  # noqa: SIM905
)
LINES: Final = 20_000
RESULTS: Final = 2_000
BATCH: Final = 5_000
FIRST: Final = 1_262_304_000.0


def fill(store: Store, count: int, seed: int = 1) -> None:
    """Write photos into an empty store, ids from 1."""
    chance = random.Random(seed)
    lines = [_line(chance) for _ in range(LINES)]
    prepared = [words.taken_apart(line) for line in lines]
    with store.write() as connection:
        connection.execute(insert(results), [_result(n, chance.sample(lines, 5)) for n in range(RESULTS)])
        if connection.dialect.name == "postgresql":
            connection.execute(text("DROP INDEX ix_texts_words"))
    for start in range(1, count + 1, BATCH):
        with store.write() as connection:
            _write(connection, range(start, min(start + BATCH, count + 1)), prepared, chance)
    with store.write() as connection:
        if connection.dialect.name == "postgresql":
            connection.execute(text("SET LOCAL statement_timeout = 0"))
            connection.execute(text("SET LOCAL maintenance_work_mem = '1GB'"))
            connection.execute(text("CREATE INDEX ix_texts_words ON texts USING gin (words)"))
    with store.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(text("ANALYZE" if connection.dialect.name == "sqlite" else "VACUUM ANALYZE"))


def _line(chance: random.Random) -> str:
    """Some words of one language, frequent ones far more often; now and then of both."""
    kind = chance.random()
    latin = " ".join(_words(chance, LATIN, 4))
    chinese = "".join(_words(chance, CHINESE, 4))
    number = f"{chance.randrange(100_000)}.{chance.randrange(100):02}"
    return latin if kind < 0.35 else chinese if kind < 0.75 else f"{chinese} {latin}" if kind < 0.85 else number


def _words(chance: random.Random, some: Sequence[str], count: int) -> list[str]:
    return [some[min(int(chance.paretovariate(0.6)) - 1, len(some) - 1)] for _ in range(count)]


def _result(number: int, lines: Sequence[str]) -> dict[str, Any]:
    box = [[10, 10], [400, 10], [400, 40], [10, 40]]
    body = {"lines": [{"text": line, "score": 0.93, "box": box, "box_score": 0.9} for line in lines]}
    key = {"sha256": f"{number:064x}", "analysis": "ocr", "model": "m", "revision": "1", "options": "bench"}
    return {**key, "width": 800, "height": 600, "body": body, "created_at": 0.0}


def _photo(number: int, count: int = 1_000_000) -> dict[str, Any]:
    folder = f"/photos/{2010 + number * 15 // count}/{number % 200:03}"
    return {
        "id": number,
        "sha256": f"{number:064x}",
        "page": 0,
        "name": f"{number}.jpg",
        "folder": folder,
        "path": f"{folder}/{number}.jpg",
        "job_id": "0" * 32,
        "taken_at": FIRST + number * 400.0,
        "width": 800,
        "height": 600,
        "gone_at": None,
    }


def _write(connection: Connection, ids: range, prepared: Sequence[Any], chance: random.Random) -> None:
    rows = [_photo(number) for number in ids]
    some = [(row, _words_of(row, chance.choices(prepared, k=5), connection.dialect.name)) for row in rows]
    if connection.dialect.name == "postgresql":
        raw: Any = connection.connection.dbapi_connection
        names = list(rows[0])
        with raw.cursor().copy(f"COPY photos ({', '.join(names)}) FROM STDIN") as copy:
            for row in rows:
                copy.write_row([row[name] for name in names])
        with raw.cursor().copy("COPY texts (photo_id, words) FROM STDIN") as copy:
            for row, said in some:
                copy.write_row([row["id"], said])
        with raw.cursor().copy("COPY shown (photo_id, analysis, result_id) FROM STDIN") as copy:
            for number in ids:
                copy.write_row([number, "ocr", number % RESULTS + 1])
        return
    connection.execute(insert(photos), rows)
    connection.execute(insert(kept), [{"photo_id": row["id"], "words": said} for row, said in some])
    connection.execute(insert(shown), [{"photo_id": n, "analysis": "ocr", "result_id": n % RESULTS + 1} for n in ids])


def _words_of(row: dict[str, Any], lines: Sequence[Any], dialect: str) -> str:
    placed = [word for tokens, _ in lines for word in tokens] + [f"x{row['id']:07}"]
    beside = list(dict.fromkeys(one for _, characters in lines for one in characters))
    beside += marks_of(row["folder"], row["taken_at"])
    if dialect == "postgresql":
        return texts.literal(placed, [*beside, *(texts.bucket(row["id"], bits) for bits in texts.BUCKETS)])
    return " ".join([*placed, *beside])
