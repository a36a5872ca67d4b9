#!/usr/bin/env python3
"""Opens a report in headless Chromium and looks whether it works.

    contrib/check-report.py report.html [--screenshots DIR]

Checks: nothing on the console, no request but the file itself, every chart drawn (its canvas is not
of one colour), zoom by mouse, by keys and by buttons, the same stretch in all charts over time, the
theme, the run that is shown, the baseline, the order of the tab key, names and values that assistive
technology reads, no sideways scrolling on a narrow screen, all tables on paper. Prints the weight of
the page and how long it took to load.

Needs Python 3.9 and Chromium, and no packages. Where there is no Chromium it says so and ends with 0.
"""

import argparse
import base64
import json
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile
import time

BROWSERS = ["chromium", "chromium-browser", "google-chrome", "google-chrome-stable"]
WIDE = (1360, 900)
NARROW = (390, 844)
SECONDS = 60


class Browser:
    """Speaks the DevTools protocol over two pipes."""

    def __init__(self, program, profile):
        command_read, self.commands = os.pipe()
        self.answers, answer_write = os.pipe()
        # The browser wants the pipes as 3 and 4.
        launch = f"exec 3<&{command_read} 4>&{answer_write}; exec \"$@\""
        flags = [
            "--headless=new",
            "--no-sandbox",
            "--disable-gpu",
            "--disable-dev-shm-usage",
            "--no-first-run",
            "--hide-scrollbars",
            "--force-color-profile=srgb",
            "--remote-debugging-pipe",
            f"--user-data-dir={profile}",
        ]
        self.process = subprocess.Popen(
            ["bash", "-c", launch, "bash", program, *flags],
            pass_fds=(command_read, answer_write),
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        os.close(command_read)
        os.close(answer_write)
        self.rest = b""
        self.number = 0
        self.events = []
        self.session = None

    def read(self):
        while b"\0" not in self.rest:
            part = os.read(self.answers, 1 << 16)
            if not part:
                raise RuntimeError("the browser has gone")
            self.rest += part
        message, self.rest = self.rest.split(b"\0", 1)
        return json.loads(message)

    def call(self, method, **params):
        self.number += 1
        message = {"id": self.number, "method": method, "params": params}
        if self.session:
            message["sessionId"] = self.session
        os.write(self.commands, json.dumps(message).encode() + b"\0")
        while True:
            answer = self.read()
            if answer.get("id") == self.number:
                if "error" in answer:
                    raise RuntimeError(f"{method}: {answer['error']['message']}")
                return answer["result"]
            self.events.append(answer)

    def evaluate(self, expression):
        result = self.call("Runtime.evaluate", expression=expression, returnByValue=True, awaitPromise=True)
        if "exceptionDetails" in result:
            raise RuntimeError(f"{expression}: {result['exceptionDetails']}")
        return result["result"].get("value")

    def close(self):
        try:
            self.session = None
            self.call("Browser.close")
            self.process.wait(timeout=10)
        except (OSError, RuntimeError, subprocess.TimeoutExpired):
            self.process.kill()


class Check:
    def __init__(self, browser, page):
        self.browser = browser
        self.url = page.resolve().as_uri()
        self.passed = 0
        self.failed = 0

    def that(self, name, holds, detail=""):
        if holds:
            self.passed += 1
        else:
            self.failed += 1
            print(f"FAILED: {name} {detail}")

    def size(self, width, height):
        self.browser.call(
            "Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=1, mobile=False
        )

    def scheme(self, name):
        self.browser.call("Emulation.setEmulatedMedia", features=[{"name": "prefers-color-scheme", "value": name}])

    def load(self):
        """Opens the page and returns the milliseconds until everything was drawn."""
        begun = time.monotonic()
        self.browser.call("Page.navigate", url=self.url)
        while time.monotonic() - begun < SECONDS:
            if self.browser.evaluate("document.documentElement?.dataset.ready || ''"):
                # Two frames later it can be seen.
                self.browser.evaluate("new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))")
                return int(self.browser.evaluate("document.documentElement.dataset.ready"))
            time.sleep(0.05)
        raise RuntimeError(f"the page did not come to its end: {self.said()}")

    def key(self, key, code=None):
        for kind in ["keyDown", "keyUp"]:
            text = {"text": key} if len(key) == 1 and kind == "keyDown" else {}
            self.browser.call("Input.dispatchKeyEvent", type=kind, key=key, code=code or key, **text)

    def mouse(self, kind, x, y, **more):
        self.browser.call("Input.dispatchMouseEvent", type=kind, x=x, y=y, **more)

    def drag(self, box, start, end):
        y = box["y"] + box["height"] / 2
        x = [box["x"] + box["width"] * share for share in (start, end)]
        self.mouse("mouseMoved", x[0], y)
        self.mouse("mousePressed", x[0], y, button="left", clickCount=1, buttons=1)
        for step in range(1, 6):
            self.mouse("mouseMoved", x[0] + (x[1] - x[0]) * step / 5, y, button="left", buttons=1)
        self.mouse("mouseReleased", x[1], y, button="left", clickCount=1)

    def box(self, selector):
        return self.browser.evaluate(
            f"""(() => {{
                const element = document.querySelector({json.dumps(selector)});
                if (!element) return null;
                element.scrollIntoView({{block: 'center'}});
                const {{x, y, width, height}} = element.getBoundingClientRect();
                return {{x, y, width, height}};
            }})()"""
        )

    def zoomed(self):
        return self.browser.evaluate("document.body.classList.contains('zoomed')")

    def picture(self, selector):
        """The pixels of a canvas, as text."""
        return self.browser.evaluate(f"document.querySelector({json.dumps(selector)}).toDataURL()")

    def drawn(self):
        blank = self.browser.evaluate(
            """[...document.querySelectorAll('.plot')].filter((plot) => plot.clientWidth > 0).filter((plot) => {
                const canvas = plot.querySelector('canvas');
                if (!canvas || !canvas.width || !canvas.height) return true;
                const copy = Object.assign(document.createElement('canvas'), {width: canvas.width, height: canvas.height});
                const paper = copy.getContext('2d', {willReadFrequently: true});
                paper.drawImage(canvas, 0, 0);
                const {data} = paper.getImageData(0, 0, canvas.width, canvas.height);
                const first = data.slice(0, 4).join();
                for (let at = 4; at < data.length; at += 4) {
                    if (data.slice(at, at + 4).join() !== first) return false;
                }
                return true;
            }).map((plot) => plot.dataset.chart)"""
        )
        self.that("every chart is drawn", blank == [], blank)

    def zoom(self):
        lines = ".plot[data-chart^='lines:'] .u-over"
        if not self.box(lines):
            return
        others = [
            selector
            for selector in [".plot[data-chart^='heat:'] canvas", ".plot[data-chart^='gantt:'] canvas"]
            if self.box(selector)
        ]
        before = [self.picture(selector) for selector in others]
        self.drag(self.box(lines), 0.3, 0.6)
        self.that("dragging zooms in", self.zoomed())
        self.that("all charts over time move together", all(a != self.picture(b) for a, b in zip(before, others)))
        box = self.box(lines)
        for count in (1, 2):
            for kind in ("mousePressed", "mouseReleased"):
                self.mouse(kind, box["x"] + 50, box["y"] + 50, button="left", clickCount=count)
        self.that("a double click shows all", not self.zoomed())
        for selector in others:
            self.drag(self.box(selector), 0.4, 0.6)
            self.that(f"dragging on {selector} zooms in", self.zoomed())
            self.browser.evaluate("document.querySelector('.zoom button:last-child').click()")
            self.that("the button shows all", not self.zoomed())
        self.browser.evaluate("document.querySelector(\".plot[data-chart^='lines:']\").focus()")
        self.key("+")
        self.that("+ zooms in", self.zoomed())
        self.key("ArrowRight")
        self.key("0")
        self.that("0 shows all", not self.zoomed())

    def hover(self):
        for chart in ["heat", "gantt"]:
            selector = f".plot[data-chart^='{chart}:'] canvas"
            if not self.box(selector):
                continue
            box = self.box(selector)
            seen = False
            for down in range(1, 20):
                for right in range(2, 20):
                    self.mouse("mouseMoved", box["x"] + box["width"] * right / 20, box["y"] + box["height"] * down / 20)
                    seen = seen or not self.browser.evaluate("document.querySelector('.tip').hidden")
                    if seen:
                        break
                if seen:
                    break
            self.that(f"pointing at the {chart} says what is there", seen)
        self.mouse("mouseMoved", 1, 1)

    def theme(self):
        colour = "getComputedStyle(document.body).backgroundColor"
        self.scheme("dark")
        dark = self.browser.evaluate(colour)
        self.scheme("light")
        light = self.browser.evaluate(colour)
        self.that("the page follows the system", dark != light)
        self.browser.evaluate("document.getElementById('theme').click()")
        self.that("the button chooses", self.browser.evaluate(colour) == dark)
        self.drawn()
        self.browser.evaluate("document.getElementById('theme').click()")
        self.browser.evaluate("localStorage.clear()")

    def choosers(self):
        if not self.browser.evaluate("!!document.getElementById('shown')"):
            return
        choose = """(id, value) => {
            const select = document.getElementById(id);
            select.value = value;
            select.dispatchEvent(new Event('change'));
        }"""
        last = self.browser.evaluate("document.getElementById('shown').options.length - 1")
        self.browser.evaluate(f"({choose})('shown', {last})")
        visible = self.browser.evaluate(
            "[...document.querySelectorAll('[data-run]')].every((one) => one.hidden === (one.dataset.run !== String(%d)))" % last
        )
        self.that("only the chosen run is shown", visible)
        self.drawn()
        if not self.browser.evaluate("!!document.getElementById('baseline')"):
            return  # Of a sweep every combination has its own.
        cards = self.browser.evaluate("document.getElementById('cards').textContent")
        self.browser.evaluate(f"({choose})('baseline', {last})")
        self.that(
            "the baseline can be chosen", cards != self.browser.evaluate("document.getElementById('cards').textContent")
        )
        self.that(
            "the table marks the baseline",
            self.browser.evaluate("document.querySelectorAll('#compared tr.baseline').length") == 1,
        )

    def keyboard(self):
        self.load()
        order = []
        for _ in range(400):
            self.key("Tab")
            place = self.browser.evaluate(
                "document.activeElement === document.body ? -1 : [...document.querySelectorAll('*')].indexOf(document.activeElement)"
            )
            if place < 0:
                break
            order.append(place)
        self.that("the tab key goes through the page in its order", order == sorted(order) and len(order) > 5, order)
        unreached = self.browser.evaluate(
            "[...document.querySelectorAll('select, button, summary')].filter((one) => one.tabIndex < 0).length"
        )
        self.that("everything that acts can be reached", unreached == 0)
        unnamed = self.browser.evaluate(
            "[...document.querySelectorAll('.plot')].filter((one) => !one.ariaLabel || !one.getAttribute('role')).length"
        )
        self.that("every chart has a name and a role", unnamed == 0)
        tables = self.browser.evaluate(
            """[...document.querySelectorAll('figure')].filter((one) => {
                const details = one.querySelector('details');
                return !details;
            }).length"""
        )
        self.that("every chart has its table", tables == 0)

    def narrow(self):
        self.size(*NARROW)
        self.browser.evaluate("new Promise((done) => setTimeout(done, 300))")
        wide = self.browser.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
        self.that("a narrow screen does not scroll sideways", wide <= 0, f"{wide} px")
        self.drawn()
        self.size(*WIDE)

    def paper(self):
        self.browser.evaluate("window.dispatchEvent(new Event('beforeprint'))")
        closed = self.browser.evaluate("document.querySelectorAll('details:not([open])').length")
        self.that("all tables are open on paper", closed == 0)
        self.drawn()
        self.browser.evaluate("window.dispatchEvent(new Event('afterprint'))")
        open_after = self.browser.evaluate("document.querySelectorAll('details[open]').length")
        self.that("and closed again after it", open_after == 0)
        printed = self.browser.call("Page.printToPDF", printBackground=True)
        self.that("it prints", len(printed["data"]) > 10_000)

    def said(self):
        """What stands on the console."""
        said = []
        for event in self.browser.events:
            method, params = event.get("method"), event.get("params", {})
            if method == "Runtime.exceptionThrown":
                said.append(params["exceptionDetails"].get("exception", {}).get("description", "exception"))
            elif method == "Runtime.consoleAPICalled":
                said.append(str(params["args"]))
            elif method == "Log.entryAdded":
                said.append(params["entry"]["text"])
        return said

    def quiet(self):
        sent = [event["params"] for event in self.browser.events if event.get("method") == "Network.requestWillBeSent"]
        asked = [params["request"]["url"] for params in sent if params["request"]["url"].split("#")[0] != self.url]
        said = self.said()
        self.that("nothing is on the console", said == [], said)
        self.that("nothing is asked for but the page", asked == [], asked)

    def screenshot(self, place, clip=None):
        clip = {"clip": {**clip, "scale": 1}, "captureBeyondViewport": True} if clip else {}
        shot = self.browser.call("Page.captureScreenshot", format="png", **clip)
        place.write_bytes(base64.b64decode(shot["data"]))


def screenshots(check, folder):
    """The top of the page, and every section, light and dark, wide and narrow."""
    folder.mkdir(parents=True, exist_ok=True)
    sections = "[...document.querySelectorAll('main > section')].map((one) => [one.id, one.getBoundingClientRect().toJSON()])"
    for scheme in ["light", "dark"]:
        for name, (width, height) in [("wide", (1360, 1400)), ("narrow", (390, 1400))]:
            check.scheme(scheme)
            check.size(width, height)
            check.load()
            check.screenshot(folder / f"report-{scheme}-{name}.png")
            for section, box in check.browser.evaluate(sections):
                clip = {key: box[key] for key in ("x", "y", "width", "height")}
                check.screenshot(folder / f"{section}-{scheme}-{name}.png", clip)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("page", type=pathlib.Path)
    parser.add_argument("--screenshots", type=pathlib.Path, metavar="DIR")
    args = parser.parse_args()
    program = next((found for name in BROWSERS if (found := shutil.which(name))), None)
    if not program:
        print(f"skipped: the report was not looked at, for there is none of {', '.join(BROWSERS)}")
        return 0
    weight = args.page.stat().st_size
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as profile:
        browser = Browser(program, profile)
        try:
            target = browser.call("Target.createTarget", url="about:blank")
            attached = browser.call("Target.attachToTarget", targetId=target["targetId"], flatten=True)
            browser.session = attached["sessionId"]
            for domain in ["Page", "Runtime", "Log", "Network"]:
                browser.call(f"{domain}.enable")
            check = Check(browser, args.page)
            check.size(*WIDE)
            check.scheme("light")
            took = check.load()
            print(f"{args.page}: {weight / 1000:.0f} kB, drawn {took} ms after it was opened")
            check.that("the page weighs less than 2 MB", weight < 2_000_000, f"{weight} bytes")
            check.drawn()
            check.zoom()
            check.hover()
            check.theme()
            check.choosers()
            check.keyboard()
            check.narrow()
            check.paper()
            check.quiet()
            if args.screenshots:
                screenshots(check, args.screenshots)
        finally:
            browser.close()
    print(f"{check.passed} passed, {check.failed} failed")
    return 1 if check.failed else 0


if __name__ == "__main__":
    sys.exit(main())
