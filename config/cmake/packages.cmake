# Every foreign package of Mingjing, found here and nowhere else. Versions are Debian 12's unless said.
# Modules link the mj::* names; headers of others are SYSTEM so that their warnings are not ours.

set(THREADS_PREFER_PTHREAD_FLAG ON)
find_package(Threads REQUIRED)
find_package(PkgConfig REQUIRED)
find_package(Boost 1.81 REQUIRED COMPONENTS json url)
find_package(OpenSSL 3 REQUIRED)
find_package(spdlog REQUIRED)
find_package(fmt REQUIRED)
find_package(tomlplusplus REQUIRED)
find_package(tl-expected REQUIRED)
find_package(CLI11 REQUIRED)
find_package(prometheus-cpp REQUIRED)

# mj_pkg(NAME PKG...): target mj::NAME from pkg-config modules.
function(mj_pkg name)
  pkg_check_modules(mj_pkg_${name} REQUIRED IMPORTED_TARGET ${ARGN})
  add_library(mj_pkg_${name}_i INTERFACE)
  target_link_libraries(mj_pkg_${name}_i INTERFACE PkgConfig::mj_pkg_${name})
  add_library(mj::${name} ALIAS mj_pkg_${name}_i)
endfunction()

mj_pkg(libav libavformat libavcodec libavutil)
mj_pkg(swscale libswscale)  # test tools only: the daemon decodes nothing
mj_pkg(sqlite sqlite3)
mj_pkg(sodium libsodium)
mj_pkg(libpq libpq)
mj_pkg(mariadb libmariadb)
mj_pkg(utf8proc libutf8proc)
mj_pkg(icu icu-i18n icu-uc)
mj_pkg(re2 re2)
mj_pkg(gstreamer gstreamer-1.0 gstreamer-app-1.0 gstreamer-video-1.0)
mj_pkg(gst_rtsp_server gstreamer-rtsp-server-1.0)
mj_pkg(gio gio-2.0)
mj_pkg(x11 x11 xext xfixes xrandr xscrnsaver)

add_library(mj_boost INTERFACE)
target_link_libraries(mj_boost INTERFACE Boost::headers Boost::json Boost::url Threads::Threads)
target_compile_definitions(mj_boost INTERFACE BOOST_ASIO_NO_DEPRECATED BOOST_ASIO_HAS_CO_AWAIT)
add_library(mj::boost ALIAS mj_boost)

if(MJ_BUILD_TESTS)
  find_package(GTest REQUIRED)
  find_package(benchmark REQUIRED)
endif()
