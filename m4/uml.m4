# SPDX-License-Identifier: GPL-2.0-only
# Checks that only this project needs.

# UML_COMPILE_FLAG(FLAGS, VARIABLE): substitutes those FLAGS that the compiler accepts.
AC_DEFUN([UML_COMPILE_FLAG], [
	uml_saved_cflags="$CFLAGS"
	$2=
	for uml_flag in $1; do
		AC_MSG_CHECKING([whether $CC accepts $uml_flag])
		CFLAGS="$uml_saved_cflags -Werror $uml_flag"
		AC_COMPILE_IFELSE([AC_LANG_PROGRAM([], [])],
			[AC_MSG_RESULT([yes])
			 $2="$$2 $uml_flag"],
			[AC_MSG_RESULT([no])])
	done
	CFLAGS="$uml_saved_cflags"
	AC_SUBST([$2])
])

# UML_FIND_LINUX_SOURCE: sets LINUX_SOURCE to an absolute path of a tarball or a folder.
AC_DEFUN([UML_FIND_LINUX_SOURCE], [
	AC_MSG_CHECKING([for the source of Linux 6.12])
	AS_CASE([$with_linux_source],
		[auto|yes],
			[LINUX_SOURCE=`ls -t /usr/src/linux-source-6.12.tar.* 2>/dev/null | head -n 1`],
		[no],
			[AC_MSG_RESULT([no])
			 AC_MSG_ERROR([--without-linux-source: the guest kernel needs it; use --disable-kernel to build only the tools])],
		[/*],
			[LINUX_SOURCE="$with_linux_source"],
		[LINUX_SOURCE="`pwd`/$with_linux_source"])
	AS_IF([test -z "$LINUX_SOURCE"], [
		AC_MSG_RESULT([none])
		AC_MSG_ERROR([no kernel source: /usr/src/linux-source-6.12.tar.* is missing; install the Debian package linux-source-6.12, or give --with-linux-source=TARBALL|DIR, or --disable-kernel to build only the tools])
	])
	AS_IF([test -d "$LINUX_SOURCE"], [
		AS_IF([grep -q '^VERSION = 6$' "$LINUX_SOURCE/Makefile" 2>/dev/null &&
		       grep -q '^PATCHLEVEL = 12$' "$LINUX_SOURCE/Makefile"], [], [
			AC_MSG_RESULT([$LINUX_SOURCE])
			AC_MSG_ERROR([$LINUX_SOURCE: not a source folder of Linux 6.12; the Debian package linux-source-6.12 has one as /usr/src/linux-source-6.12.tar.xz])
		])
	], [test -r "$LINUX_SOURCE" && test -f "$LINUX_SOURCE"], [], [
		AC_MSG_RESULT([$LINUX_SOURCE])
		AC_MSG_ERROR([$LINUX_SOURCE: no such readable tarball or folder; install the Debian package linux-source-6.12 for /usr/src/linux-source-6.12.tar.xz])
	])
	AC_MSG_RESULT([$LINUX_SOURCE])
	UML_NEED_PROG([flex], [flex])
	UML_NEED_PROG([bison], [bison])
	UML_NEED_PROG([bc], [bc])
	UML_NEED_PROG([xz], [xz-utils])
	UML_NEED_PROG([patch], [patch])
])

# UML_NEED_PROG(PROGRAM, PACKAGE): an error that names the Debian package where PROGRAM is absent.
AC_DEFUN([UML_NEED_PROG], [
	AC_CHECK_PROG([uml_have_$1], [$1], [yes], [no], [$UML_PATH])
	AS_IF([test "$uml_have_$1" = no],
		[AC_MSG_ERROR([$1 not found: the kernel build needs it; install the Debian package $2])])
])

# UML_FIND_ROOTFS_TOOLS: sets BUSYBOX, MKE2FS, DEBUGFS; names what is absent in rootfs_missing.
AC_DEFUN([UML_FIND_ROOTFS_TOOLS], [
	rootfs_missing=
	AS_CASE([$with_busybox],
		[auto|yes], [AC_PATH_PROG([BUSYBOX], [busybox], [no], [$UML_PATH])],
		[AC_SUBST([BUSYBOX], [$with_busybox])])
	AC_PATH_PROG([MKE2FS], [mke2fs], [no], [$UML_PATH])
	AC_PATH_PROG([DEBUGFS], [debugfs], [no], [$UML_PATH])
	AC_MSG_CHECKING([whether busybox is statically linked])
	AS_IF([test ! -x "$BUSYBOX"],
		[AC_MSG_RESULT([not found])
		 rootfs_missing=" busybox-static"],
		[LC_ALL=C readelf -lW "$BUSYBOX" 2>/dev/null | grep -q ' INTERP '],
		[AC_MSG_RESULT([no])
		 rootfs_missing=" busybox-static"],
		[AC_MSG_RESULT([yes])])
	AS_IF([test "$MKE2FS" = no || test "$DEBUGFS" = no],
		[rootfs_missing="$rootfs_missing e2fsprogs"])
])

# UML_FIND_LIBEDIT: sets LIBEDIT_LIBS and the conditional HAVE_LIBEDIT. Readline will not do: from
# version 6 on it is GPL-3.0-or-later, which GPL-2.0-only cannot be linked with.
AC_DEFUN([UML_FIND_LIBEDIT], [
	AC_ARG_WITH([libedit],
		[AS_HELP_STRING([--without-libedit],
			[uml_mconsole has a bare prompt, without history and completion])],
		[], [with_libedit=yes])
	LIBEDIT_LIBS=
	AS_IF([test "$with_libedit" != no], [
		AC_CHECK_HEADER([editline/readline.h],
			[AC_CHECK_LIB([edit], [rl_completion_matches], [LIBEDIT_LIBS=-ledit])])
		AS_IF([test -z "$LIBEDIT_LIBS"],
			[AC_MSG_ERROR([libedit not found: the prompt of uml_mconsole needs it; install the Debian package libedit-dev, or give --without-libedit for a bare prompt])])
	])
	AC_SUBST([LIBEDIT_LIBS])
	AM_CONDITIONAL([HAVE_LIBEDIT], [test "$with_libedit" != no])
])
