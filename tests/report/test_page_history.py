"""Back, forward, reload and sent links in a real browser: view, filter, table, scroll, focus and title."""

from typing import Any

from browsing import EVIL, escape, hash_of, look_at, settle

from mindseye.report.page import write_page

FOCUSED = "document.activeElement.textContent"


def back(page: Any) -> None:
    page.evaluate("history.back()")
    page.wait_for_timeout(100)
    settle(page)


def test_focus_and_title_follow_the_view(make_run, visit) -> None:
    """Each view's heading has the focus and its name stands in the title; going back focuses the link that led away."""
    page = visit(write_page(make_run(layers=2, facets=3)))
    title = page.title()
    assert page.evaluate("document.activeElement === document.body")
    card = page.locator(".me-card .me-open").nth(1)
    card.focus()
    page.keyboard.press("Enter")
    settle(page)
    assert page.title() == f"grand_piano · facet 1 · {title}"
    assert page.evaluate(FOCUSED).startswith("grand_piano")
    channel = page.locator("#item .channels a").nth(2)
    href = channel.get_attribute("href")
    channel.focus()
    page.keyboard.press("Enter")
    settle(page)
    assert page.title() == f"channel 75 · blocks.1.1 · {title}"
    assert "channel 75" in page.evaluate(FOCUSED)
    back(page)
    assert page.evaluate("document.activeElement.getAttribute('href')") == href
    back(page)
    assert page.title() == title
    assert page.evaluate("document.activeElement.getAttribute('href')") == "#/picture/1"
    for view, words in (("#/layers", "Layers"), ("#/making", "Details"), ("#/photo/3", "photo 0003.png")):
        look_at(page, view)
        assert page.title() == f"{words} · {title}"
        assert page.evaluate("document.activeElement.tagName") == "H2"


def test_the_filter_lives_in_the_address(make_run, visit) -> None:
    """What is typed stands in the address without filling the history; a sent link filters; back and Escape keep it."""
    path = write_page(make_run(layers=1, facets=6))
    page = visit(path)
    entries = page.evaluate("history.length")
    page.locator("#filter").press_sequentially("piano 4/")
    assert hash_of(page) == "#/?filter=piano+4%2F"
    assert page.evaluate("history.length") == entries
    page.locator("#filter").fill("piano")
    sent = visit(path)
    sent.goto(page.url)
    sent.reload()
    settle(sent)
    assert sent.locator("#filter").input_value() == "piano"
    assert sent.locator(".me-card:visible").count() == 4
    sent.locator(".me-card:visible .me-open").first.click()
    settle(sent)
    assert "1 of 4" in sent.locator(".crumbs").inner_text()
    escape(sent)
    assert hash_of(sent) == "#/?filter=piano"
    assert sent.locator(".me-card:visible").count() == 4
    sent.locator("#filter").fill("")
    assert hash_of(sent) == "#/"
    look_at(sent, "#/making")
    back(sent)
    assert sent.locator(".me-card:visible").count() == 6
    sent.evaluate("(text) => { location.hash = '#/?filter=' + text }", EVIL)
    settle(sent)
    assert sent.title() != "owned"
    assert sent.locator("#nothing").is_visible()


def test_back_restores_table_and_scroll(make_run, visit) -> None:
    """Order, rows and search of a table, and how far a view was scrolled, also after the page is loaded again."""
    page = visit(write_page(make_run(layers=1, facets=6, images=30)))
    look_at(page, "#/channels/0")
    view = page.locator("#channels")
    view.get_by_role("button", name="all 60 channels").click()
    view.locator("th button").nth(2).click()
    view.locator("th button").nth(2).click()
    page.mouse.move(600, 500)
    page.mouse.wheel(0, 600)
    page.wait_for_timeout(300)
    page.wait_for_timeout(150)
    settle(page)
    scrolled = page.evaluate("scrollY")
    rows = view.locator("tbody tr").all_inner_texts()
    assert len(rows) == 60
    link = view.locator("tbody a").nth(30)
    link.focus()
    settle(page)
    scrolled = page.evaluate("scrollY")
    page.keyboard.press("Enter")
    settle(page)
    assert page.evaluate("scrollY") == 0
    back(page)
    assert view.locator("tbody tr").all_inner_texts() == rows
    assert view.locator("th[aria-sort]").inner_text() == "mean"
    assert page.evaluate("scrollY") == scrolled
    page.wait_for_timeout(400)
    page.reload()
    settle(page)
    assert view.locator("tbody tr").all_inner_texts() == rows
    assert page.evaluate("scrollY") == scrolled
    view.locator("input[type=search]").fill("11")
    settle(page)
    assert hash_of(page) == "#/channels/0?rows=515&sort=mean&find=11"
    view.locator("tbody a").first.click()
    settle(page)
    back(page)
    assert view.locator("input[type=search]").input_value() == "11"
    assert view.locator("tbody tr").count() == 6


def test_reduced_motion_is_obeyed(make_run, visit) -> None:
    """Nothing plays, glides or fades for those who asked for that; for others the steps play."""
    path = write_page(make_run(layers=1))
    still = visit(path)
    look_at(still, "#/picture/1")
    assert still.get_by_role("button", name="play the steps").count() == 0
    assert still.locator(".making-of input").is_visible()
    moving = (
        "[...document.querySelectorAll('*')].filter((one) => parseFloat(getComputedStyle(one).transitionDuration) > 0)"
    )
    look_at(still, "#/")
    assert still.evaluate(f"{moving}.length") == 0
    other = visit(path, motion="no-preference")
    look_at(other, "#/picture/1")
    assert other.get_by_role("button", name="play the steps").count() == 1
