# SPDX-License-Identifier: Apache-2.0
"""Nothing is lost: pictures left, windows, reloads, a server that is killed, a picture that cannot be read."""


def opens(test):
    test.page.go(test.server.address)
    test.wait_picture('bicycle')
    assert 'token' not in test.page.run('location.href'), 'the token stays in the address'
    rows = test.page.run('[...document.querySelectorAll("#picture-rows .row")].map((row) => row.title)')
    assert rows == ['bicycle.jpg', 'chair.jpg', 'kite.jpg', 'torn.jpg'], rows


def next_picture(test):
    """Going on accepts the mask in work; F says that a picture is done."""
    test.page.key('b')
    test.drag((20, 460), (60, 460))
    count = test.ask('editor.objects.size')
    test.page.key('d')
    test.wait_picture('chair')
    test.wait_saved()
    assert len(test.server.objects('bicycle')) == count + 1
    test.page.key('a')
    test.wait_picture('bicycle')
    test.page.key('f')
    test.wait_picture('chair')
    test.wait_saved()
    assert test.server.annotation('bicycle')['state'] == 'done'


def two_windows(test):
    """A change from elsewhere is told, and either of the two is taken."""
    number = test.ask('Math.max(...editor.objects.keys())')
    for key, button, wanted in (('2', 'Keep mine', 'chair'), ('1', 'Take theirs', 'kite')):
        revision = test.server.call('GET', '/api/pictures/0')['revision']
        item = next(one for one in test.server.call('GET', '/api/pictures/0')['objects'] if one['id'] == number)
        item['class'] = 'kite'
        test.server.call('PUT', f'/api/pictures/0/objects/{number}', {'revision': revision, 'object': item})
        test.page.press(f'#object-rows .row[data-id="{number}"] .open')
        test.wait(f'editor.draft?.id === {number}')
        test.page.key(key)
        test.page.key('Enter')
        test.page.wait('document.querySelectorAll(".notice.saver button").length === 2')
        test.page.run(f'[...document.querySelectorAll(".notice.saver button")].find((one) => one.textContent === "{button}").click()')
        test.wait_saved()
        test.wait(f'editor.objects.get({number})?.name === "{wanted}"')
        assert test.check_file('bicycle', number)['class'] == wanted
    test.forgive('409')


def reload(test):
    test.page.key('a')
    test.wait_picture('bicycle')
    before = {number: test.shown(number) for number in test.ask('[...editor.objects.keys()]')}
    test.page.run('window.isOld = true')
    test.page.call('Page.reload')
    test.page.wait('!window.isOld')
    test.wait_picture('bicycle')
    assert {number: test.shown(number) for number in test.ask('[...editor.objects.keys()]')} == before
    for number in before:
        test.check_file('bicycle', number)


def another_token(test):
    """Without the token the page asks for its address."""
    test.page.run('sessionStorage.clear(), window.isOld = true')
    test.page.call('Page.reload')
    test.page.wait('!window.isOld && document.querySelector("#locked").open')
    test.page.run(f'document.querySelector("#address").value = "{test.server.address}"')
    test.page.press('#locked button')
    test.wait_picture('bicycle')
    test.forgive('401')


def killed_server(test):
    """kill -9: the page says so, keeps what is drawn, and brings it when the server is back."""
    test.page.key('d')
    test.wait_picture('chair')
    test.server.kill()
    test.page.key('b')
    test.drag((100, 100), (200, 100))
    test.page.key('Enter')
    test.page.wait('document.querySelector(".notice.saver")?.textContent.includes("1 change is kept")')
    assert test.page.run('document.querySelector("#saving").textContent') == 'Not saved'
    test.server.start()
    test.page.wait('document.querySelector("#saving").dataset.state === "saved" || document.querySelector("#locked").open')
    if test.page.run('document.querySelector("#locked").open'):  # another token
        test.page.run(f'document.querySelector("#address").value = "{test.server.address}"')
        test.page.press('#locked button')
    test.wait_saved()
    test.check_file('chair', test.ask('Math.max(...editor.objects.keys())'))
    test.forgive('net::ERR_', '401')


def another_port(test):
    """Started anew on another port: what was not saved goes along."""
    test.server.kill()
    test.page.key('b')
    test.drag((300, 100), (400, 100))
    test.page.key('Enter')
    test.page.wait('document.querySelector(".notice.saver")?.textContent.includes("Other address")')
    number = test.ask('Math.max(...editor.objects.keys())')
    drawn = test.shown(number)
    test.server.start(port=0)
    test.page.press('.notice.saver button:last-child')
    test.page.run(f'document.querySelector("#address").value = "{test.server.address}"')
    test.page.press('#locked button')
    test.page.wait(f'location.port === "{test.server.port}"')
    test.wait('album.ready')
    test.page.press('#picture-rows .row[title="chair.jpg"]')
    test.wait_picture('chair')
    assert test.shown(number) == drawn and test.page.run('window.name') == ''
    test.check_file('chair', number)
    test.forgive('net::ERR_')


def broken_picture(test):
    """One that cannot be read is told, and the next can be gone to."""
    test.page.press('#picture-rows .row[title="torn.jpg"]')
    test.page.wait('document.querySelector(".notice.error")?.textContent.startsWith("torn.jpg")')
    test.page.key('b')
    test.page.drag([test.page.middle('#stage'), (500, 500)])
    test.page.key('a')
    test.wait_picture('kite')
    test.page.press('.notice.error button:last-child')
