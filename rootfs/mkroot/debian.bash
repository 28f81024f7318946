# shellcheck shell=bash disable=SC2154 # variables are those of uml_mkroot and its other parts
# SPDX-License-Identifier: GPL-2.0-only
# A Debian system: mmdebstrap installs the packages into a folder, debian-setup makes it a guest.
#
# All of it runs as root of one user namespace, in which the caller is root and the caller's
# subordinate ids are all the others; root itself needs none. So the files have their real owners
# when mke2fs copies them.

default_security=http://deb.debian.org/debian-security
# What a Debian guest has besides what is essential.
base_packages=systemd-sysv,udev,dbus,libpam-systemd,login,kmod,procps,iproute2,iputils-ping
base_packages+=,netbase,e2fsprogs,less
# Suites with updates and security fixes apart.
suites_with_updates=' bullseye bookworm trixie forky oldoldstable oldstable stable testing '

check_debian() {
	need_tool mmdebstrap mmdebstrap
	need_tool mke2fs e2fsprogs
	need_tool unshare util-linux
	[ -e /usr/share/keyrings/debian-archive-keyring.gpg ] ||
		die "the keys of Debian's archive are missing: no" \
			"/usr/share/keyrings/debian-archive-keyring.gpg; install the package" \
			"debian-archive-keyring"
	if [ "$(id -u)" -eq 0 ]; then
		unshare -m true 2>/dev/null ||
			die "this root may not mount: the capability CAP_SYS_ADMIN is missing; run as" \
				"an ordinary user with subordinate ids, or give the container that" \
				"capability"
		return
	fi
	need_tool newuidmap uidmap
	check_subids subuid
	check_subids subgid
	# First without ids: where there are no namespaces, unshare leaves the process behind that
	# would map them.
	unshare --user true >/dev/null 2>&1 || die_of_namespace "unshare fails"
	as_root=(unshare --map-root-user --map-auto --)
	"${as_root[@]}" true >/dev/null 2>&1 || die_of_namespace "ids cannot be mapped"
}

# Is a range of at least 65536 ids in /etc/$1 the caller's?
check_subids() {
	local name
	name=$(id -un)
	awk -F: -v name="$name" -v id="$(id -u)" \
		'($1 == name || $1 == id) && $3 >= 65536 { found = 1 } END { exit !found }' \
		"/etc/$1" 2>/dev/null || getsubids_has "$1" "$name" ||
		die "no subordinate ids: /etc/$1 has no range of 65536 for $name; let root run" \
			"usermod --add-subuids 100000-165535 --add-subgids 100000-165535 $name"
}

# The same from a name service.
getsubids_has() {
	local option=()
	[ "$1" = subuid ] || option=(-g)
	getsubids "${option[@]}" "$2" 2>/dev/null | awk '$4 >= 65536 { found = 1 } END { exit !found }'
}

# $1 what fails, where no setting tells.
die_of_namespace() {
	local setting name bad good
	for setting in user/max_user_namespaces:0:65536 kernel/unprivileged_userns_clone:0:1 \
		kernel/apparmor_restrict_unprivileged_userns:1:0; do
		IFS=: read -r name bad good <<<"$setting"
		[ "$(cat "/proc/sys/$name" 2>/dev/null)" != "$bad" ] ||
			die "no user namespaces: ${name/\//.} is $bad; let root run" \
				"sysctl ${name/\//.}=$good"
	done
	die "no user namespaces: $1; run where they are allowed, outside of a container for" \
		"example, or as root"
}

make_debian() {
	local root=$work/root uuid
	local command=("${as_root[@]}" env LC_ALL=C mmdebstrap --mode=unshare --variant=minbase
		--format=directory --verbose "--include=$(packages)" "--aptopt=Acquire::Retries \"2\""
		"--aptopt=Acquire::http::Timeout \"20\"")
	local line
	while IFS= read -r line; do
		command+=("--aptopt=$line")
	done < <(host_proxies)
	command+=("$suite" "$root")
	while IFS= read -r line; do
		command+=("$line")
	done < <(sources)
	STEP_DETAIL=what_apt_does step "packages of $suite" "${command[@]}" || die_of_packages
	uuid=$(cat /proc/sys/kernel/random/uuid)
	"${as_root[@]}" "$parts/debian-setup" "$root" "$parts/debian" "$uuid" "${hostname:-debian}" \
		"$no_password" "$ssh_key" >"$work/log" 2>&1 ||
		die_or_full "$out" "cannot set the system up: $(log_line)" \
			"is a package of --include in the way of a file of the system?"
	add_files "$root"
	[ -n "$size" ] || size=$(default_size "$root")
	make_ext4 "$root" "$suite" -m 1 -U "$uuid"
	[ -n "$no_password$ssh_key" ] || say "nobody can log in to $out:" \
		"root has no password; --no-password and --ssh-key give root a way in"
}

packages() {
	local list=$base_packages
	[ -z "$ssh_key" ] || list+=,openssh-server
	echo "$list${include:+,$include}"
}

# At least 4 GiB; twice what is in there. The file is sparse.
default_size() {
	local mib
	mib=$(($(tree_mib "$1") * 2))
	echo "$((mib > 4096 ? mib : 4096))M"
}

# ---- where the packages come from -----------------------------------------------------------

# The lines of sources.list, from --mirror or from the host's own sources.
sources() {
	local main=$mirror security
	if [ -z "$mirror" ]; then
		main=$(host_mirror Debian)
		security=$(host_mirror Debian-Security)
	fi
	echo "deb ${main:-$default_mirror} $suite main"
	[ -z "$mirror" ] && [[ $suites_with_updates == *" $suite "* ]] || return 0
	echo "deb ${main:-$default_mirror} $suite-updates main"
	echo "deb ${security:-$default_security} $suite-security main"
}

# The first address among the host's sources with this label.
host_mirror() {
	# shellcheck disable=SC2016 # $(...) is apt-get's
	apt-get indextargets --format '$(LABEL) $(REPO_URI)' 'Created-By: Packages' 2>/dev/null |
		awk -v label="$1" '$1 == label && $2 ~ /^https?:/ { sub("/$", "", $2); print $2; exit }'
}

# The proxies of the host's apt, as lines of apt.conf.
host_proxies() {
	apt-config dump 2>/dev/null | grep -iE '^Acquire::https?::Proxy(::|-| )' || true
}

# What the packages' log says last, in a few words.
what_apt_does() {
	tail -n 20 "$work/log" | sed -n \
		-e 's/^Get:\([0-9]*\) .* \([^ ]* [^ ]*\) \[.*/download \1: \2/p' \
		-e 's/^Unpacking \([^ ]*\) .*/unpacking \1/p' \
		-e 's/^Setting up \([^ ]*\) .*/setting up \1/p' \
		-e 's/^I: \(.*\)/\1/p' | tail -n 1
}

# What apt says when something is wrong; the first row that the log has is the cause.
no_package='Unable to locate package|has no installation candidate'
no_suite='does not have a Release file|404  *Not Found'
no_keys='NO_PUBKEY|EXPKEYSIG|is not signed'
# The first are causes; newer apts have a line without one behind them.
no_mirror_cause='Connection (refused|timed out|failed)|Temporary failure|Network is unreachable'
no_mirror="$no_mirror_cause|Could not (resolve|connect|wait for server)|Unable to connect"

die_of_packages() {
	local what="packages of $suite" from cause line
	from=$(sources | awk 'NR == 1 { print $2 }')
	if log_has "$no_room" || disk_full; then
		die_of_room "$what"
	elif log_has "$no_package"; then
		die "$what: $(apt_says "$no_package"); is the name right, and is it in section main?"
	elif log_has "$no_suite"; then
		die "$what: $from has no suite $suite; check the name, or name another archive by" \
			"--mirror"
	elif log_has "$no_keys"; then
		die "$what: this host does not have the keys that sign them:" \
			"$(apt_says "$no_keys"); install a newer package debian-archive-keyring"
	elif log_has "$no_mirror"; then
		cause=$(apt_says "$no_mirror_cause" || true)
		[ -n "$cause" ] || cause=$(apt_says "$no_mirror")
		die "$what: cannot reach $from: $cause; check the network, name another archive by" \
			"--mirror, or a proxy by http_proxy in the environment"
	fi
	tail -n 15 "$work/log" | while IFS= read -r line; do
		printable "$line"
	done >&2
	die "$what: mmdebstrap failed: $(apt_says '^E: '); see its messages above"
}

# The last line of the log with this expression, without what apt puts before it.
apt_says() {
	log_line "$1" | sed -E 's/^ *([EW]|Err:[0-9]*): *//; s/^ +//'
}
