@echo off
rem Drag a workbook onto this file: its report opens in the browser.
rem Or double-click this file and drag the workbook into the window.
setlocal EnableExtensions DisableDelayedExpansion
title Report on a workbook
set "RUN=%~dp0..\run.py"
set "WORKBOOK=%~1"

if not exist "%RUN%" goto :no_run

if defined WORKBOOK goto :find_python
echo Drag the workbook into this window and press Enter.
set /p "WORKBOOK=> "
if not defined WORKBOOK goto :no_workbook
rem a path dragged into the window comes in quotes
set "WORKBOOK=%WORKBOOK:"=%"

:find_python
if not exist "%WORKBOOK%" goto :no_workbook
set "NEW_ENOUGH=import sys; sys.exit(sys.version_info < (3, 11))"
set "PYTHON=py -3"
py -3 -c "%NEW_ENOUGH%" >nul 2>nul && goto :report
set "PYTHON=python"
python -c "%NEW_ENOUGH%" >nul 2>nul && goto :report
set "PYTHON=python3"
python3 -c "%NEW_ENOUGH%" >nul 2>nul && goto :report
echo.
echo Python 3.11 or newer was not found on this computer.
echo Install it from https://www.python.org/downloads/ and try again.
goto :stay

:report
%PYTHON% "%RUN%" report "%WORKBOOK%" --open
if errorlevel 1 goto :failed
echo.
echo Done. You can close this window.
pause >nul
exit 0

:no_run
echo run.py was not found. Keep this file in the folder "launchers" where it came;
echo if it came in a ZIP file, unpack the whole ZIP file first.
goto :stay

:no_workbook
echo.
echo No workbook was found there.
echo If its name or folder contains ^& or ^^ or %%, rename it and try again.
goto :stay

:failed
echo.
echo No report was made; the lines above say why.

:stay
echo.
echo Press any key to close this window.
pause >nul
exit 1
